-- Why somebody reaches something: a row for each grant that leads there, and each way from the identity to it.
--
-- parameters  resource     KEY, KEY/slug or a resource_key; without it there is no answer
--             identity     an id, user name or e-mail address; default: everybody but groups
--             date         the newest night up to this day counts; default: the newest
--             data_source  default: all
--
-- A way leads from the identity over groups, and groups of these, to the holder of the grant. A key or token
-- with grants of its own lends them to its owners; one without acts for them.
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
identity AS (
    SELECT *,
           CASE identity_type WHEN 'user' THEN coalesce(username, name) WHEN 'idp' THEN name
                ELSE identity_type || ' ' || name END AS called
    FROM identities
    WHERE ((SELECT identity FROM parameters) IS NULL AND identity_type <> 'group')
       OR (SELECT lower(identity) FROM parameters) IN (lower(identity_id), lower(username), lower(email))
),
scope AS (
    SELECT * FROM containment SEMI JOIN resource USING (data_source, date, resource_key)
),
within AS (
    SELECT DISTINCT data_source, date, within_key AS resource_key FROM scope
),
granted AS (
    SELECT data_source, date, holder_type, holder_id, permission, role, resource_key AS within_key,
           inherits, level, level_number
    FROM grants SEMI JOIN within USING (data_source, date, resource_key)
    WHERE level_number > 0
),
reaching AS (
    SELECT DISTINCT data_source, date, holder_type, holder_id, permission, role, within_key, level, level_number,
           resource_key
    FROM granted JOIN scope USING (data_source, date, within_key)
    WHERE distance = 0 OR inherits
),
owned AS (
    SELECT data_source, date, credential_id, user_id, has_grants, credential_name, user_name
    FROM credential_owners
    SEMI JOIN night USING (data_source, date)
    LEFT JOIN (SELECT data_source, date, credential_id, has_grants, name AS credential_name FROM credentials)
        USING (data_source, date, credential_id)
    LEFT JOIN (SELECT data_source, date, user_id, coalesce(username, name) AS user_name FROM users)
        USING (data_source, date, user_id)
),
upwards AS (
    SELECT DISTINCT data_source, date, member_type, member_id, holder_id, groups, way, steps
    FROM (SELECT * FROM memberships SEMI JOIN night USING (data_source, date))
    JOIN nesting USING (data_source, date, group_id)
),
way AS (
    SELECT data_source, date, identity_type, identity_id, identity_type AS holder_type, identity_id AS holder_id,
           called AS way, 1 AS steps
    FROM identity
    WHERE identity_type <> 'group'
    UNION ALL
    SELECT data_source, date, 'group', identity_id, 'group', holder_id, way, steps
    FROM identity JOIN (SELECT *, group_id AS identity_id FROM nesting) USING (data_source, date, identity_id)
    WHERE identity_type = 'group'
    UNION ALL
    SELECT data_source, date, 'user', identity_id, 'group', holder_id, called || ' → ' || way, steps + 1
    FROM identity JOIN (SELECT *, member_id AS identity_id FROM upwards) USING (data_source, date, identity_id)
    WHERE identity_type = 'user' AND member_type = 'user'
    UNION ALL
    SELECT data_source, date, 'user', identity_id, 'credential', credential_id,
           called || ' → credential ' || credential_name, 2
    FROM identity JOIN (SELECT *, user_id AS identity_id FROM owned) USING (data_source, date, identity_id)
    WHERE identity_type = 'user' AND has_grants
    UNION ALL
    SELECT data_source, date, 'credential', identity_id, 'user', user_id, called || ' → ' || user_name, 2
    FROM identity JOIN (SELECT *, credential_id AS identity_id FROM owned) USING (data_source, date, identity_id)
    WHERE identity_type = 'credential' AND NOT has_grants
    UNION ALL
    SELECT data_source, date, 'credential', identity_id, 'group', holder_id,
           called || ' → ' || user_name || ' → ' || way, steps + 2
    FROM identity
    JOIN (
        SELECT data_source, date, credential_id AS identity_id, user_name, holder_id, way, steps
        FROM owned JOIN (SELECT *, member_id AS user_id FROM upwards) USING (data_source, date, user_id)
        WHERE member_type = 'user' AND NOT has_grants
    ) USING (data_source, date, identity_id)
    WHERE identity_type = 'credential'
)
SELECT data_source, date, identity_type, identity_id, name, username, is_active, level,
       way || CASE role WHEN '' THEN '' ELSE ' → ' || role END || ' → ' || permission || ' on '
           || coalesce(granted_on, data_source) AS why,
       permission, role, holder_type, holder_id, coalesce(granted_on, data_source) AS granted_on,
       type AS resource_type, path AS resource, resource_key
FROM (SELECT * FROM reaching JOIN way USING (data_source, date, holder_type, holder_id))
LEFT JOIN identity USING (data_source, date, identity_type, identity_id)
LEFT JOIN resource USING (data_source, date, resource_key)
LEFT JOIN (SELECT data_source, date, resource_key AS within_key, path AS granted_on FROM resources)
    USING (data_source, date, within_key)
ORDER BY data_source, path, resource_key, name, identity_type, identity_id, level_number DESC, steps, why
