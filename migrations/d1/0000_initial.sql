CREATE TABLE `drained_ranges` (
	`epoch` integer NOT NULL,
	`from_seq` integer NOT NULL,
	`to_seq` integer NOT NULL,
	`drained_at` integer NOT NULL,
	PRIMARY KEY(`epoch`, `to_seq`)
) STRICT;
--> statement-breakpoint
CREATE TABLE `event_conflicts` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`organisation_id` text NOT NULL,
	`project_id` text NOT NULL,
	`idempotency_key` text NOT NULL,
	`fingerprint` text NOT NULL,
	`event` text NOT NULL,
	`first_event_id` text NOT NULL,
	`received_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `event_conflicts_key` ON `event_conflicts` (`project_id`,`idempotency_key`,`fingerprint`);--> statement-breakpoint
CREATE TABLE `published_keys` (
	`key_hash` text PRIMARY KEY NOT NULL,
	`key_id` text NOT NULL,
	`organisation_id` text NOT NULL,
	`project_id` text NOT NULL,
	`is_active` integer NOT NULL,
	`expires_at` integer,
	`last_used_at` integer,
	`version` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `published_organisations` (
	`organisation_id` text PRIMARY KEY NOT NULL,
	`shard` integer NOT NULL,
	`is_active` integer NOT NULL,
	`priced_metrics` text NOT NULL,
	`version` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `usage_events` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`organisation_id` text NOT NULL,
	`project_id` text NOT NULL,
	`metric_name` text NOT NULL,
	`metric_value` text NOT NULL,
	`unit` text NOT NULL,
	`timestamp` integer NOT NULL,
	`user_id` text,
	`metadata` text NOT NULL,
	`idempotency_key` text NOT NULL,
	`fingerprint` text NOT NULL,
	`ingested_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `usage_events_key` ON `usage_events` (`project_id`,`idempotency_key`);--> statement-breakpoint
CREATE VIEW `processed_events` AS SELECT seq, id, project_id, idempotency_key, (SELECT max(drained_at) FROM drained_ranges WHERE from_seq < usage_events.seq AND usage_events.seq <= to_seq) AS processed_at FROM usage_events;
