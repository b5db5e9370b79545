-- Why somebody reaches something: a row for each grant that leads there, and each way from the identity to it.
--
-- parameters  resource     KEY, KEY/slug or a resource_key; without it there is no answer
--             identity     an id, user name or e-mail address; default: everybody but groups
--             date         the newest night up to this day counts; default: the newest
--             data_source  default: all
--
-- A way leads from the identity over groups, and groups of these, to the holder of the grant. A key or token
-- with grants of its own lends them to its owners; one without acts for them.
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
identity AS (
    SELECT *,
           CASE identity_type WHEN 'user' THEN coalesce(username, name) WHEN 'idp' THEN name
                ELSE identity_type || ' ' || name END AS called
    FROM identities
    WHERE ((SELECT identity FROM parameters) IS NULL AND identity_type <> 'group')
       OR (SELECT lower(identity) FROM parameters) IN (lower(identity_id), lower(username), lower(email))
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
    SELECT night, holder_type, holder_id, permission, role, resource_key AS within_key, inherits, level, level_number
    FROM grants
    JOIN night USING (data_source, date)
    SEMI JOIN (SELECT night, within_key AS resource_key FROM within) USING (night, resource_key)
    WHERE level_number > 0
),
reaching AS (
    SELECT DISTINCT night, holder_type, holder_id, permission, role, within_key, level, level_number, resource_key
    FROM granted JOIN scope USING (night, within_key)
    WHERE distance = 0 OR inherits
),
owned AS (
    SELECT night, credential_id, user_id, has_grants, credential_name, user_name
    FROM (SELECT night, credential_id, user_id FROM credential_owners JOIN night USING (data_source, date))
    LEFT JOIN (SELECT night, credential_id, has_grants, name AS credential_name
               FROM credentials JOIN night USING (data_source, date)) USING (night, credential_id)
    LEFT JOIN (SELECT night, user_id, coalesce(username, name) AS user_name
               FROM users JOIN night USING (data_source, date)) USING (night, user_id)
),
-- Ways end at groups whose grants lead there, and begin at users who are asked about, or whose keys and tokens are.
nested AS (
    SELECT night, group_id, holder_id, way, steps
    FROM nesting
    JOIN night USING (data_source, date)
    SEMI JOIN (SELECT night, holder_id FROM reaching WHERE holder_type = 'group') USING (night, holder_id)
),
member AS (
    SELECT night, identity_id AS member_id FROM identity WHERE identity_type = 'user'
    UNION ALL
    SELECT night, user_id
    FROM owned
    SEMI JOIN (SELECT night, identity_id AS credential_id FROM identity WHERE identity_type = 'credential')
        USING (night, credential_id)
),
upwards AS (
    SELECT night, user_id, holder_id, steps,
           ' → group ' || name || CASE way WHEN '' THEN '' ELSE ' → ' || way END AS way
    FROM (
        SELECT night, member_id AS user_id, group_id
        FROM memberships
        JOIN night USING (data_source, date)
        SEMI JOIN member USING (night, member_id)
        WHERE member_type = 'user'
    )
    JOIN nested USING (night, group_id)
    LEFT JOIN (SELECT night, group_id, name FROM groups JOIN night USING (data_source, date)) USING (night, group_id)
),
way AS (
    SELECT night, identity_type, identity_id, holder_type, holder_id, '' AS way, 1 AS steps
    FROM closure JOIN night USING (data_source, date)
    WHERE identity_type = holder_type AND identity_id = holder_id
    UNION ALL
    SELECT night, 'user', user_id, 'group', holder_id, way, steps + 1 FROM upwards
    UNION ALL
    SELECT night, 'group', group_id, 'group', holder_id, ' → ' || way, steps FROM nested WHERE steps > 1
    UNION ALL
    SELECT night, 'user', user_id, 'credential', credential_id, ' → credential ' || credential_name, 2
    FROM owned WHERE has_grants
    UNION ALL
    SELECT night, 'credential', credential_id, 'user', user_id, ' → ' || user_name, 2
    FROM owned WHERE NOT has_grants
    UNION ALL
    SELECT night, 'credential', credential_id, 'group', holder_id, ' → ' || user_name || way, steps + 2
    FROM owned JOIN upwards USING (night, user_id)
    WHERE NOT has_grants
)
SELECT data_source, date, identity_type, identity_id, name, username, is_active, level,
       called || way || CASE role WHEN '' THEN '' ELSE ' → ' || role END || ' → ' || permission || ' on '
           || coalesce(granted_on, data_source) AS why,
       permission, role, holder_type, holder_id, coalesce(granted_on, data_source) AS granted_on,
       type AS resource_type, path AS resource, resource_key
FROM (SELECT * FROM reaching JOIN way USING (night, holder_type, holder_id))
JOIN identity USING (night, identity_type, identity_id)
LEFT JOIN night USING (night)
LEFT JOIN resource USING (night, resource_key)
LEFT JOIN (SELECT night, resource_key AS within_key, path AS granted_on FROM resources) USING (night, within_key)
ORDER BY data_source, path, resource_key, name, identity_type, identity_id, level_number DESC, steps, why
