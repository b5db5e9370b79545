-- Access that nobody seems to use: a row for each user, key and token that has some, with the reason.
--
-- parameters  days         unused for so many days before the night; default: 90
--             date         the newest night up to this day counts; default: the newest
--             data_source  default: all
--
-- level is the highest that it has anywhere, grants the number of grants that count for it. "never" is said only
-- where the data source tells when others were used, and of what is older than these days. What is not known
-- is no reason.
WITH asked AS (
    SELECT data_source, max(date) AS date
    FROM exports
    WHERE date <= coalesce((SELECT date FROM parameters), date)
      AND data_source = coalesce((SELECT data_source FROM parameters), data_source)
    GROUP BY data_source
),
night AS (
    SELECT row_number() OVER (ORDER BY data_source) AS night, data_source, date FROM asked
),
used AS (
    SELECT night, date, 'user' AS identity_type, user_id AS identity_id, name, username, email, is_active,
           created_at, last_login_at AS last_used_at, CAST(NULL AS TIMESTAMP) AS expires_at, 'signed in' AS use,
           CASE user_type WHEN 'service_account' THEN 'service' ELSE 'person' END AS kind
    FROM users JOIN night USING (data_source, date)
    UNION ALL
    SELECT night, date, 'credential', credential_id, name, NULL, NULL, is_active,
           created_at, last_used_at, expires_at, 'used', coalesce(kind, 'credential')
    FROM credentials JOIN night USING (data_source, date)
),
judged AS (
    SELECT *,
           max(last_used_at) OVER (PARTITION BY night, identity_type, kind) IS NOT NULL AS is_known,
           CAST(date AS TIMESTAMP) - coalesce((SELECT days FROM parameters), 90) * INTERVAL '1' DAY AS long_ago
    FROM used
),
stale AS (
    SELECT *,
           CASE WHEN NOT is_active THEN 'not active'
                WHEN expires_at < CAST(date AS TIMESTAMP) + INTERVAL '1' DAY THEN 'expired'
                WHEN kind = 'service' THEN NULL
                WHEN last_used_at < long_ago THEN 'not ' || use || ' for long'
                WHEN last_used_at IS NULL AND is_known AND is_active AND coalesce(created_at, long_ago) <= long_ago
                    THEN 'never ' || use
           END AS reason
    FROM judged
),
held AS (
    SELECT night, holder_type, holder_id, max(level_number) AS level_number, count(*) AS grants
    FROM grants JOIN night USING (data_source, date)
    WHERE level_number > 0
    GROUP BY night, holder_type, holder_id
),
drawn AS (
    SELECT night, identity_type, identity_id, holder_type, holder_id FROM closure JOIN night USING (data_source, date)
),
access AS (
    SELECT night, identity_type, identity_id, max(level_number) AS level_number, sum(grants) AS grants
    FROM drawn JOIN held USING (night, holder_type, holder_id)
    GROUP BY night, identity_type, identity_id
)
SELECT data_source, stale.date, identity_type, identity_id, name, username, email, is_active, reason,
       created_at, last_used_at, expires_at,
       CASE level_number WHEN 1 THEN 'read' WHEN 2 THEN 'write' ELSE 'admin' END AS level, grants
FROM stale
JOIN access USING (night, identity_type, identity_id)
LEFT JOIN night USING (night)
WHERE reason IS NOT NULL
ORDER BY data_source, level_number DESC, reason, name, identity_type, identity_id
