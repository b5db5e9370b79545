-- Access that nobody seems to use: a row for each user, key and token that has some, with the reason.
--
-- parameters  days         unused for so many days before the night; default: 90
--             date         the newest night up to this day counts; default: the newest
--             data_source  default: all
--
-- level is the highest that it has anywhere, grants the number of grants that count for it. "never" is said only
-- where the data source tells when others were used, and of what is older than these days. What is not known
-- is no reason.
WITH night AS (
    SELECT data_source, max(date) AS date
    FROM exports
    WHERE date <= coalesce((SELECT date FROM parameters), date)
      AND data_source = coalesce((SELECT data_source FROM parameters), data_source)
    GROUP BY data_source
),
edge AS (
    SELECT data_source, date, CAST(date AS TIMESTAMP) - coalesce((SELECT days FROM parameters), 90) * INTERVAL '1' DAY AS edge,
           CAST(date AS TIMESTAMP) + INTERVAL '1' DAY AS ending
    FROM night
),
used AS (
    SELECT data_source, date, 'user' AS identity_type, user_id AS identity_id, name, username, email, is_active,
           created_at, last_login_at AS last_used_at, CAST(NULL AS TIMESTAMP) AS expires_at, 'signed in' AS use,
           CASE user_type WHEN 'service_account' THEN 'service' ELSE 'person' END AS kind
    FROM users SEMI JOIN night USING (data_source, date)
    UNION ALL
    SELECT data_source, date, 'credential', credential_id, name, NULL, NULL, is_active,
           created_at, last_used_at, expires_at, 'used', coalesce(kind, 'credential')
    FROM credentials SEMI JOIN night USING (data_source, date)
),
known AS (
    SELECT DISTINCT data_source, date, identity_type, kind, TRUE AS is_known
    FROM used
    WHERE last_used_at IS NOT NULL
),
stale AS (
    SELECT data_source, date, identity_type, identity_id, name, username, email, is_active, created_at, last_used_at,
           CASE WHEN NOT is_active THEN 'not active'
                WHEN expires_at < ending THEN 'expired'
                WHEN kind = 'service' THEN NULL
                WHEN last_used_at < edge THEN 'not ' || use || ' for long'
                WHEN last_used_at IS NULL AND is_known AND is_active AND coalesce(created_at, edge) <= edge THEN 'never ' || use
           END AS reason
    FROM used
    JOIN edge USING (data_source, date)
    LEFT JOIN known USING (data_source, date, identity_type, kind)
),
held AS (
    SELECT data_source, date, holder_type, holder_id, max(level_number) AS level_number, count(*) AS grants
    FROM grants SEMI JOIN night USING (data_source, date)
    WHERE level_number > 0
    GROUP BY data_source, date, holder_type, holder_id
),
access AS (
    SELECT data_source, date, identity_type, identity_id, max(level_number) AS level_number, sum(grants) AS grants
    FROM closure JOIN held USING (data_source, date, holder_type, holder_id)
    GROUP BY data_source, date, identity_type, identity_id
)
SELECT data_source, date, identity_type, identity_id, name, username, email, is_active, reason, created_at, last_used_at,
       CASE level_number WHEN 1 THEN 'read' WHEN 2 THEN 'write' ELSE 'admin' END AS level, grants
FROM stale JOIN access USING (data_source, date, identity_type, identity_id)
WHERE reason IS NOT NULL
ORDER BY data_source, level_number DESC, reason, name, identity_type, identity_id
