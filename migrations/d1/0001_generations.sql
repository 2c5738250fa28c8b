ALTER TABLE `event_conflicts` ADD `kind` text DEFAULT 'conflict' NOT NULL;--> statement-breakpoint
ALTER TABLE `usage_events` ADD `generation` text;