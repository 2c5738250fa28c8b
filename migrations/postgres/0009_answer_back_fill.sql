-- How many calls of each day kept so far have a cost.
UPDATE ai_statistics_daily s SET cost_count = g.cost_count
FROM (
  SELECT organisation_id, day, coalesce(user_id, '') AS user_id, generation_type, provider, model, count(cost_usd) AS cost_count
  FROM ai_generations GROUP BY 1, 2, 3, 4, 5, 6
) g
WHERE (s.organisation_id, s.day, s.user_id, s.generation_type, s.provider, s.model)
  = (g.organisation_id, g.day, g.user_id, g.generation_type, g.provider, g.model) AND g.cost_count > 0;
