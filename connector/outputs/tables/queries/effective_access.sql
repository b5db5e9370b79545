-- Who reaches what, at which level: a row for each identity and each project or repository that it reaches.
--
-- parameters  identity     an id, user name or e-mail address; default: everybody but groups
--             resource     KEY, KEY/slug or a resource_key; a project is meant without its repositories
--             date         the newest night up to this day counts; default: the newest
--             data_source  default: all
--
-- On a large server name an identity or a resource: everybody times everything is a very long list.
-- Inactive users are listed like others: is_active tells.
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
    WHERE (SELECT resource FROM parameters) IS NULL
       OR (SELECT lower(resource) FROM parameters) IN (lower(path), lower(resource_key))
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
identity AS (
    SELECT *
    FROM identities
    WHERE ((SELECT identity FROM parameters) IS NULL AND identity_type <> 'group')
       OR (SELECT lower(identity) FROM parameters) IN (lower(identity_id), lower(username), lower(email))
),
holder AS (
    SELECT * FROM closure SEMI JOIN identity USING (data_source, date, identity_type, identity_id)
),
scope AS (
    SELECT * FROM containment SEMI JOIN resource USING (data_source, date, resource_key)
),
-- Empty unless a resource is named: only then do grants have to be on what it lies in.
within AS (
    SELECT DISTINCT data_source, date, within_key AS resource_key
    FROM scope
    WHERE (SELECT resource FROM parameters) IS NOT NULL
),
granted AS (
    SELECT data_source, date, holder_type, holder_id, grants.resource_key AS within_key, inherits, level_number
    FROM grants
    LEFT JOIN within USING (data_source, date, resource_key)
    SEMI JOIN holder USING (data_source, date, holder_type, holder_id)
    WHERE level_number > 0 AND ((SELECT resource FROM parameters) IS NULL OR within.resource_key IS NOT NULL)
),
reaching AS (
    SELECT data_source, date, holder_type, holder_id, resource_key, max(level_number) AS level_number
    FROM granted JOIN scope USING (data_source, date, within_key)
    WHERE distance = 0 OR inherits
    GROUP BY data_source, date, holder_type, holder_id, resource_key
),
reach AS (
    SELECT data_source, date, identity_type, identity_id, resource_key, max(level_number) AS level_number
    FROM reaching JOIN holder USING (data_source, date, holder_type, holder_id)
    GROUP BY data_source, date, identity_type, identity_id, resource_key
)
-- Names are looked up by outer joins: no engine then joins identities with resources first.
SELECT data_source, date, identity_type, identity_id, name, username, is_active,
       CASE level_number WHEN 1 THEN 'read' WHEN 2 THEN 'write' ELSE 'admin' END AS level,
       type AS resource_type, path AS resource, resource_key
FROM reach
LEFT JOIN identity USING (data_source, date, identity_type, identity_id)
LEFT JOIN resource USING (data_source, date, resource_key)
ORDER BY data_source, name, identity_type, identity_id, path, resource_key
