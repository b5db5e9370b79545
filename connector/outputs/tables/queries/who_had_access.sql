-- Who had access to a project or repository on a day, at which level: a row for each identity.
--
-- parameters  resource     KEY, KEY/slug or a resource_key; without it there is no answer
--             date         the newest night up to this day counts, and is told; default: the newest
--             data_source  default: all
--
-- grants counts the grants that lead there; why.sql tells them one by one. Inactive users are listed like others:
-- is_active tells. Where is_complete is false, others may have had access, too.
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
resources AS (
    SELECT night, resource_key, type, path FROM projects JOIN night USING (data_source, date)
    UNION ALL
    SELECT night, resource_key, type, path FROM repositories JOIN night USING (data_source, date)
),
resource AS (
    SELECT * FROM resources
    WHERE (SELECT lower(resource) FROM parameters) IN (lower(path), lower(resource_key))
),
identities AS (
    SELECT night, 'user' AS identity_type, user_id AS identity_id, name, username, email, is_active
    FROM users JOIN night USING (data_source, date)
    UNION ALL
    SELECT night, 'group', group_id, name, NULL, NULL, NULL FROM groups JOIN night USING (data_source, date)
    UNION ALL
    SELECT night, 'credential', credential_id, name, NULL, NULL, is_active
    FROM credentials JOIN night USING (data_source, date)
    UNION ALL
    SELECT night, identity_type, identity_id, name, NULL, NULL, NULL
    FROM other_identities JOIN night USING (data_source, date)
),
scope AS (
    SELECT night, resource_key, within_key, distance
    FROM containment
    JOIN night USING (data_source, date)
    SEMI JOIN resource USING (night, resource_key)
),
within AS (
    SELECT DISTINCT night, within_key FROM scope
),
granted AS (
    SELECT night, holder_type, holder_id, resource_key AS within_key, inherits, level_number
    FROM grants
    JOIN night USING (data_source, date)
    SEMI JOIN (SELECT night, within_key AS resource_key FROM within) USING (night, resource_key)
    WHERE level_number > 0
),
reaching AS (
    SELECT night, holder_type, holder_id, resource_key, max(level_number) AS level_number, count(*) AS grants
    FROM granted JOIN scope USING (night, within_key)
    WHERE distance = 0 OR inherits
    GROUP BY night, holder_type, holder_id, resource_key
),
drawn AS (
    SELECT night, identity_type, identity_id, holder_type, holder_id
    FROM closure JOIN night USING (data_source, date)
    WHERE identity_type <> 'group'
),
reach AS (
    SELECT night, identity_type, identity_id, resource_key, max(level_number) AS level_number, sum(grants) AS grants
    FROM reaching JOIN drawn USING (night, holder_type, holder_id)
    GROUP BY night, identity_type, identity_id, resource_key
)
SELECT data_source, date, is_complete, identity_type, identity_id, name, username, email, is_active,
       CASE level_number WHEN 1 THEN 'read' WHEN 2 THEN 'write' ELSE 'admin' END AS level, grants,
       type AS resource_type, path AS resource, resource_key
FROM reach
LEFT JOIN night USING (night)
LEFT JOIN (SELECT data_source, date, is_complete FROM exports) USING (data_source, date)
LEFT JOIN identities USING (night, identity_type, identity_id)
LEFT JOIN resource USING (night, resource_key)
ORDER BY data_source, path, resource_key, level_number DESC, name, identity_type, identity_id
