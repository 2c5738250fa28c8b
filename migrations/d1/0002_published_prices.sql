CREATE TABLE `published_prices` (
	`provider` text NOT NULL,
	`model` text NOT NULL,
	`organisation_id` text NOT NULL,
	`prices` text NOT NULL,
	`version` integer NOT NULL,
	PRIMARY KEY(`provider`, `model`, `organisation_id`)
) STRICT;
