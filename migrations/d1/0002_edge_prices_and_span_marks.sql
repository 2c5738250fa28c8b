CREATE TABLE `published_prices` (
	`provider` text NOT NULL,
	`model` text NOT NULL,
	`organisation_id` text NOT NULL,
	`prices` text NOT NULL,
	`version` integer NOT NULL,
	PRIMARY KEY(`provider`, `model`, `organisation_id`)
) STRICT;
--> statement-breakpoint
CREATE TABLE `span_marks` (
	`seq` integer PRIMARY KEY NOT NULL,
	`project_id` text NOT NULL,
	`mark` text NOT NULL,
	`received_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `span_marks_key` ON `span_marks` (`project_id`,`mark`);