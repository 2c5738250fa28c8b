CREATE TABLE `span_marks` (
	`seq` integer PRIMARY KEY NOT NULL,
	`project_id` text NOT NULL,
	`mark` text NOT NULL,
	`received_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `span_marks_key` ON `span_marks` (`project_id`,`mark`);