-- What changed between two dates: a row for each identity whose level on a project or repository is another one.
--
-- parameters  since        the newest night up to this day is compared; default: the last night before the other
--             date         with the newest night up to this day; default: the newest
--             data_source  default: all
--             identity     an id, user name or e-mail address; a group only where it is named
--             resource     KEY, KEY/slug or a resource_key
--
-- change is gained, lost, raised or lowered; and activated or deactivated, without a resource, where somebody was
-- switched on or off, whose grants count for nothing while off. Where is_complete is false, one of the two nights
-- lacks something, and what looks lost or gained may only not have been read. A data source that has no night up
-- to since is not compared.
WITH newer AS (
    SELECT data_source, max(date) AS date
    FROM exports
    WHERE date <= coalesce((SELECT date FROM parameters), date)
      AND data_source = coalesce((SELECT data_source FROM parameters), data_source)
    GROUP BY data_source
),
older AS (
    SELECT data_source, max(exports.date) AS date
    FROM exports JOIN newer USING (data_source)
    WHERE exports.date < newer.date AND exports.date <= coalesce((SELECT since FROM parameters), exports.date)
    GROUP BY data_source
),
night AS (
    SELECT data_source, date, 'old' AS age FROM older
    UNION ALL
    SELECT data_source, newer.date, 'new' FROM newer SEMI JOIN older USING (data_source)
),
identities AS (
    SELECT data_source, date, 'user' AS identity_type, user_id AS identity_id, name, username, email, is_active
    FROM users SEMI JOIN night USING (data_source, date)
    UNION ALL
    SELECT data_source, date, 'group', group_id, name, NULL, NULL, NULL FROM groups SEMI JOIN night USING (data_source, date)
    UNION ALL
    SELECT data_source, date, 'credential', credential_id, name, NULL, NULL, is_active FROM credentials SEMI JOIN night USING (data_source, date)
    UNION ALL
    SELECT data_source, date, identity_type, identity_id, name, NULL, NULL, NULL FROM other_identities SEMI JOIN night USING (data_source, date)
),
resources AS (
    SELECT data_source, date, resource_key, type, path FROM projects SEMI JOIN night USING (data_source, date)
    UNION ALL
    SELECT data_source, date, resource_key, type, path FROM repositories SEMI JOIN night USING (data_source, date)
),
drawn AS (
    SELECT * FROM closure SEMI JOIN night USING (data_source, date)
),
within AS (
    SELECT * FROM containment SEMI JOIN night USING (data_source, date)
),
granted AS (
    SELECT data_source, date, holder_type, holder_id, resource_key AS within_key, inherits, max(level_number) AS level_number
    FROM grants SEMI JOIN night USING (data_source, date)
    WHERE level_number > 0
    GROUP BY data_source, date, holder_type, holder_id, resource_key, inherits
),
-- What stands in one of the two nights only.
changed_drawn AS (
    SELECT data_source, identity_type, identity_id, holder_type, holder_id
    FROM drawn
    GROUP BY data_source, identity_type, identity_id, holder_type, holder_id
    HAVING count(*) = 1
),
changed_granted AS (
    SELECT DISTINCT data_source, holder_type, holder_id, within_key, inherits
    FROM (
        SELECT data_source, holder_type, holder_id, within_key, inherits, level_number
        FROM granted
        GROUP BY data_source, holder_type, holder_id, within_key, inherits, level_number
        HAVING count(*) = 1
    )
),
changed_within AS (
    SELECT data_source, resource_key, within_key, distance
    FROM within
    GROUP BY data_source, resource_key, within_key, distance
    HAVING count(*) = 1
),
-- Which holder reaches which resource by something that changed; and whoever these holders count for.
changed_reach AS (
    SELECT data_source, holder_type, holder_id, resource_key
    FROM changed_granted JOIN (SELECT DISTINCT data_source, resource_key, within_key, distance FROM within)
        USING (data_source, within_key)
    WHERE distance = 0 OR inherits
    UNION
    SELECT data_source, holder_type, holder_id, resource_key
    FROM changed_within JOIN (SELECT DISTINCT data_source, holder_type, holder_id, within_key, inherits FROM granted)
        USING (data_source, within_key)
    WHERE distance = 0 OR inherits
),
reach_of_changed AS (
    SELECT DISTINCT data_source, holder_type, holder_id, resource_key
    FROM granted
    SEMI JOIN changed_drawn USING (data_source, holder_type, holder_id)
    JOIN within USING (data_source, date, within_key)
    WHERE distance = 0 OR inherits
),
candidate AS (
    SELECT data_source, identity_type, identity_id, resource_key
    FROM changed_reach JOIN drawn USING (data_source, holder_type, holder_id)
    UNION
    SELECT data_source, identity_type, identity_id, resource_key
    FROM changed_drawn JOIN reach_of_changed USING (data_source, holder_type, holder_id)
),
-- The levels of these, and of nobody else, in both nights.
drawn_by_candidate AS (
    SELECT DISTINCT data_source, date, identity_type, identity_id, holder_type, holder_id, resource_key
    FROM candidate JOIN drawn USING (data_source, identity_type, identity_id)
),
reaching AS (
    SELECT data_source, date, holder_type, holder_id, resource_key, max(level_number) AS level_number
    FROM granted
    JOIN within USING (data_source, date, within_key)
    SEMI JOIN candidate USING (data_source, resource_key)
    WHERE distance = 0 OR inherits
    GROUP BY data_source, date, holder_type, holder_id, resource_key
),
level AS (
    SELECT data_source, identity_type, identity_id, resource_key,
           max(CASE age WHEN 'old' THEN level_number ELSE 0 END) AS old_number,
           max(CASE age WHEN 'new' THEN level_number ELSE 0 END) AS new_number
    FROM drawn_by_candidate
    JOIN reaching USING (data_source, date, holder_type, holder_id, resource_key)
    JOIN night USING (data_source, date)
    GROUP BY data_source, identity_type, identity_id, resource_key
),
old_identity AS (
    SELECT * FROM identities SEMI JOIN older USING (data_source, date)
),
new_identity AS (
    SELECT * FROM identities SEMI JOIN newer USING (data_source, date)
),
identity AS (
    SELECT data_source, identity_type, identity_id, name, username, email, is_active FROM new_identity
    UNION ALL
    SELECT data_source, identity_type, identity_id, name, username, email, is_active
    FROM old_identity ANTI JOIN new_identity USING (data_source, identity_type, identity_id)
),
old_resource AS (
    SELECT * FROM resources SEMI JOIN older USING (data_source, date)
),
new_resource AS (
    SELECT * FROM resources SEMI JOIN newer USING (data_source, date)
),
resource AS (
    SELECT data_source, resource_key, type, path FROM new_resource
    UNION ALL
    SELECT data_source, resource_key, type, path
    FROM old_resource ANTI JOIN new_resource USING (data_source, resource_key)
),
change AS (
    SELECT data_source, identity_type, identity_id, resource_key, type, path,
           CASE WHEN old_number = 0 THEN 'gained' WHEN new_number = 0 THEN 'lost'
                WHEN old_number < new_number THEN 'raised' ELSE 'lowered' END AS change,
           CASE old_number WHEN 0 THEN 'none' WHEN 1 THEN 'read' WHEN 2 THEN 'write' ELSE 'admin' END AS old_level,
           CASE new_number WHEN 0 THEN 'none' WHEN 1 THEN 'read' WHEN 2 THEN 'write' ELSE 'admin' END AS new_level
    FROM level LEFT JOIN resource USING (data_source, resource_key)
    WHERE old_number <> new_number
    UNION ALL
    SELECT data_source, identity_type, identity_id, NULL, NULL, NULL,
           CASE WHEN new_identity.is_active THEN 'activated' ELSE 'deactivated' END, NULL, NULL
    FROM old_identity JOIN new_identity USING (data_source, identity_type, identity_id)
    WHERE old_identity.is_active <> new_identity.is_active
)
SELECT data_source, older.date AS old_date, newer.date AS new_date, is_complete, change, identity_type, identity_id, name, username, is_active,
       old_level, new_level, type AS resource_type, path AS resource, resource_key
FROM change
LEFT JOIN older USING (data_source)
LEFT JOIN newer USING (data_source)
LEFT JOIN identity USING (data_source, identity_type, identity_id)
LEFT JOIN (
    SELECT data_source, bool_and(coalesce(is_complete, TRUE)) AS is_complete
    FROM exports SEMI JOIN night USING (data_source, date)
    GROUP BY data_source
) USING (data_source)
WHERE (((SELECT identity FROM parameters) IS NULL AND identity_type <> 'group')
       OR (SELECT lower(identity) FROM parameters) IN (lower(identity_id), lower(username), lower(email)))
  AND ((SELECT resource FROM parameters) IS NULL
       OR (SELECT lower(resource) FROM parameters) IN (lower(path), lower(resource_key)))
ORDER BY data_source, name, identity_type, identity_id, coalesce(path, ''), coalesce(resource_key, ''), change
