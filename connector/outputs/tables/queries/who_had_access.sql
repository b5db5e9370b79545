-- Who had access to a project or repository on a day, at which level: a row for each identity.
--
-- parameters  resource     KEY, KEY/slug or a resource_key; without it there is no answer
--             date         the newest night up to this day counts, and is told; default: the newest
--             data_source  default: all
--
-- grants counts the grants that lead there; why.sql tells them one by one. Inactive users are listed like others:
-- is_active tells. Where is_complete is false, others may have had access, too.
WITH night AS (
    SELECT data_source, max(date) AS date
    FROM exports
    WHERE date <= coalesce((SELECT date FROM parameters), date)
      AND data_source = coalesce((SELECT data_source FROM parameters), data_source)
    GROUP BY data_source
),
resources AS (
    SELECT data_source, date, resource_key, type, path
    FROM projects SEMI JOIN night USING (data_source, date)
    UNION ALL
    SELECT data_source, date, resource_key, type, path
    FROM repositories SEMI JOIN night USING (data_source, date)
),
resource AS (
    SELECT *
    FROM resources
    WHERE (SELECT lower(resource) FROM parameters) IN (lower(path), lower(resource_key))
),
identities AS (
    SELECT data_source, date, 'user' AS identity_type, user_id AS identity_id, name, username, email, is_active
    FROM users SEMI JOIN night USING (data_source, date)
    UNION ALL
    SELECT data_source, date, 'group', group_id, name, NULL, NULL, NULL
    FROM groups SEMI JOIN night USING (data_source, date)
    UNION ALL
    SELECT data_source, date, 'credential', credential_id, name, NULL, NULL, is_active
    FROM credentials SEMI JOIN night USING (data_source, date)
    UNION ALL
    SELECT data_source, date, identity_type, identity_id, name, NULL, NULL, NULL
    FROM other_identities SEMI JOIN night USING (data_source, date)
),
scope AS (
    SELECT * FROM containment SEMI JOIN resource USING (data_source, date, resource_key)
),
within AS (
    SELECT DISTINCT data_source, date, within_key AS resource_key FROM scope
),
granted AS (
    SELECT data_source, date, holder_type, holder_id, resource_key AS within_key, inherits, level_number
    FROM grants SEMI JOIN within USING (data_source, date, resource_key)
    WHERE level_number > 0
),
reaching AS (
    SELECT data_source, date, holder_type, holder_id, resource_key, max(level_number) AS level_number, count(*) AS grants
    FROM granted JOIN scope USING (data_source, date, within_key)
    WHERE distance = 0 OR inherits
    GROUP BY data_source, date, holder_type, holder_id, resource_key
),
reach AS (
    SELECT data_source, date, identity_type, identity_id, resource_key,
           max(level_number) AS level_number, sum(grants) AS grants
    FROM reaching JOIN closure USING (data_source, date, holder_type, holder_id)
    WHERE identity_type <> 'group'
    GROUP BY data_source, date, identity_type, identity_id, resource_key
)
SELECT data_source, date, is_complete, identity_type, identity_id, name, username, email, is_active,
       CASE level_number WHEN 1 THEN 'read' WHEN 2 THEN 'write' ELSE 'admin' END AS level, grants,
       type AS resource_type, path AS resource, resource_key
FROM reach
LEFT JOIN (SELECT data_source, date, is_complete FROM exports) USING (data_source, date)
LEFT JOIN identities USING (data_source, date, identity_type, identity_id)
LEFT JOIN resource USING (data_source, date, resource_key)
ORDER BY data_source, path, resource_key, level_number DESC, name, identity_type, identity_id
