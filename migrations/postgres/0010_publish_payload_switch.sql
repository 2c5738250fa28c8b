-- Organisations that keep no payloads are told to the edge anew, which knew nothing of it.
UPDATE organisations SET publication_version = publication_version + 1, updated_at = now() WHERE NOT store_ai_payloads;
