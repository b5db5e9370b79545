-- Who reaches what, at which level: a row for each identity and each project or repository that it reaches.
--
-- parameters  identity     an id, user name or e-mail address; default: everybody but groups
--             resource     KEY, KEY/slug or a resource_key; a project is meant without its repositories
--             date         the newest night up to this day counts; default: the newest
--             data_source  default: all
--
-- On a large server name an identity or a resource: everybody times everything is a very long list.
-- Inactive users are listed like others: is_active tells.
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
    WHERE (SELECT resource FROM parameters) IS NULL
       OR (SELECT lower(resource) FROM parameters) IN (lower(path), lower(resource_key))
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
identity AS (
    SELECT * FROM identities
    WHERE ((SELECT identity FROM parameters) IS NULL AND identity_type <> 'group')
       OR (SELECT lower(identity) FROM parameters) IN (lower(identity_id), lower(username), lower(email))
),
holder AS (
    SELECT night, identity_type, identity_id, holder_type, holder_id
    FROM closure
    JOIN night USING (data_source, date)
    SEMI JOIN identity USING (night, identity_type, identity_id)
),
scope AS (
    SELECT night, resource_key, within_key, distance
    FROM containment
    JOIN night USING (data_source, date)
    SEMI JOIN resource USING (night, resource_key)
),
-- Empty unless a resource is named: only then do grants have to be on what it lies in.
within AS (
    SELECT DISTINCT night, within_key FROM scope WHERE (SELECT resource FROM parameters) IS NOT NULL
),
held AS (
    SELECT night, holder_type, holder_id, resource_key AS within_key, inherits, level_number
    FROM grants JOIN night USING (data_source, date)
    WHERE level_number > 0
),
granted AS (
    SELECT night, holder_type, holder_id, within_key, inherits, level_number
    FROM held
    LEFT JOIN (SELECT night, within_key, TRUE AS is_within FROM within) USING (night, within_key)
    SEMI JOIN holder USING (night, holder_type, holder_id)
    WHERE is_within OR (SELECT resource FROM parameters) IS NULL
),
reaching AS (
    SELECT night, holder_type, holder_id, resource_key, max(level_number) AS level_number
    FROM granted JOIN scope USING (night, within_key)
    WHERE distance = 0 OR inherits
    GROUP BY night, holder_type, holder_id, resource_key
),
reach AS (
    SELECT night, identity_type, identity_id, resource_key, max(level_number) AS level_number
    FROM reaching JOIN holder USING (night, holder_type, holder_id)
    GROUP BY night, identity_type, identity_id, resource_key
)
-- Names are looked up by outer joins: no engine then joins identities with resources first.
SELECT data_source, date, identity_type, identity_id, name, username, is_active,
       CASE level_number WHEN 1 THEN 'read' WHEN 2 THEN 'write' ELSE 'admin' END AS level,
       type AS resource_type, path AS resource, resource_key
FROM reach
LEFT JOIN night USING (night)
LEFT JOIN identity USING (night, identity_type, identity_id)
LEFT JOIN resource USING (night, resource_key)
ORDER BY data_source, name, identity_type, identity_id, path, resource_key
