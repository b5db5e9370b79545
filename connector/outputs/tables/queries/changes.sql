-- What changed between two nights: a row for each identity whose level on a project or repository is another one.
--
-- parameters  since        the newest night up to this day is compared; default: the last night before the other
--             date         with the newest night up to this day; default: the newest
--             data_source  default: all
--             identity     an id, user name or e-mail address; default: everybody but groups
--             resource     KEY, KEY/slug or a resource_key
--
-- change is gained, lost, raised or lowered; and activated or deactivated, without a resource, where somebody was
-- switched on or off, whose levels are then the same as before. Where is_complete is false, one of the two nights
-- lacks something: what looks lost or gained may only not have been read. A data source without a night up to
-- since is not compared.
WITH newer AS (
    SELECT data_source, max(date) AS new_date
    FROM exports
    WHERE date <= coalesce((SELECT date FROM parameters), date)
      AND data_source = coalesce((SELECT data_source FROM parameters), data_source)
    GROUP BY data_source
),
older AS (
    SELECT data_source, max(date) AS old_date
    FROM exports JOIN newer USING (data_source)
    WHERE date < new_date AND date <= coalesce((SELECT since FROM parameters), date)
    GROUP BY data_source
),
-- Both nights of a data source have one number; age tells which is which.
night AS (
    SELECT row_number() OVER (ORDER BY data_source) AS night, 'old' AS age, data_source, old_date AS date FROM older
    UNION ALL
    SELECT row_number() OVER (ORDER BY data_source), 'new', data_source, new_date
    FROM newer SEMI JOIN older USING (data_source)
),
resources AS (
    SELECT night, age, resource_key, type, path FROM projects JOIN night USING (data_source, date)
    UNION ALL
    SELECT night, age, resource_key, type, path FROM repositories JOIN night USING (data_source, date)
),
identities AS (
    SELECT night, age, 'user' AS identity_type, user_id AS identity_id, name, username, email, is_active
    FROM users JOIN night USING (data_source, date)
    UNION ALL
    SELECT night, age, 'group', group_id, name, NULL, NULL, NULL FROM groups JOIN night USING (data_source, date)
    UNION ALL
    SELECT night, age, 'credential', credential_id, name, NULL, NULL, is_active
    FROM credentials JOIN night USING (data_source, date)
    UNION ALL
    SELECT night, age, identity_type, identity_id, name, NULL, NULL, NULL
    FROM other_identities JOIN night USING (data_source, date)
),
-- What there is in either night, and in which of them.
drawn AS (
    SELECT night, identity_type, identity_id, holder_type, holder_id,
           bool_or(age = 'old') AS was, bool_or(age = 'new') AS is_now
    FROM closure JOIN night USING (data_source, date)
    GROUP BY night, identity_type, identity_id, holder_type, holder_id
),
held AS (
    SELECT night, holder_type, holder_id, resource_key AS within_key, inherits, level_number,
           bool_or(age = 'old') AS was_held, bool_or(age = 'new') AS is_held
    FROM grants JOIN night USING (data_source, date)
    WHERE level_number > 0
    GROUP BY night, holder_type, holder_id, resource_key, inherits, level_number
),
lies AS (
    SELECT night, resource_key, within_key, distance,
           bool_or(age = 'old') AS was_there, bool_or(age = 'new') AS is_there
    FROM containment JOIN night USING (data_source, date)
    GROUP BY night, resource_key, within_key, distance
),
-- What each holder reaches, before and after.
reach AS (
    SELECT night, holder_type, holder_id, resource_key,
           max(CASE WHEN was_held AND was_there THEN level_number ELSE 0 END) AS old_number,
           max(CASE WHEN is_held AND is_there THEN level_number ELSE 0 END) AS new_number
    FROM held JOIN lies USING (night, within_key)
    WHERE distance = 0 OR inherits
    GROUP BY night, holder_type, holder_id, resource_key
),
-- Whom a change can concern: all for whom a holder counts whose reach changed, and all for whom other holders count.
candidate AS (
    SELECT night, identity_type, identity_id, resource_key
    FROM (SELECT * FROM reach WHERE old_number <> new_number) JOIN drawn USING (night, holder_type, holder_id)
    UNION
    SELECT night, identity_type, identity_id, resource_key
    FROM (SELECT * FROM drawn WHERE NOT (was AND is_now)) JOIN reach USING (night, holder_type, holder_id)
),
drawn_by_candidate AS (
    SELECT night, identity_type, identity_id, holder_type, holder_id, resource_key, was, is_now
    FROM candidate JOIN drawn USING (night, identity_type, identity_id)
),
level AS (
    SELECT night, identity_type, identity_id, resource_key,
           max(CASE WHEN was THEN old_number ELSE 0 END) AS old_number,
           max(CASE WHEN is_now THEN new_number ELSE 0 END) AS new_number
    FROM drawn_by_candidate JOIN reach USING (night, holder_type, holder_id, resource_key)
    GROUP BY night, identity_type, identity_id, resource_key
),
-- Names as they are now, or as they were.
identity AS (
    SELECT night, identity_type, identity_id, name, username, email, is_active FROM identities WHERE age = 'new'
    UNION ALL
    SELECT night, identity_type, identity_id, name, username, email, is_active
    FROM (SELECT * FROM identities WHERE age = 'old')
    ANTI JOIN (SELECT * FROM identities WHERE age = 'new') USING (night, identity_type, identity_id)
),
resource AS (
    SELECT night, resource_key, type, path FROM resources WHERE age = 'new'
    UNION ALL
    SELECT night, resource_key, type, path
    FROM (SELECT * FROM resources WHERE age = 'old')
    ANTI JOIN (SELECT * FROM resources WHERE age = 'new') USING (night, resource_key)
),
change AS (
    SELECT night, identity_type, identity_id, resource_key,
           CASE WHEN old_number = 0 THEN 'gained' WHEN new_number = 0 THEN 'lost'
                WHEN old_number < new_number THEN 'raised' ELSE 'lowered' END AS change,
           CASE old_number WHEN 0 THEN 'none' WHEN 1 THEN 'read' WHEN 2 THEN 'write' ELSE 'admin' END AS old_level,
           CASE new_number WHEN 0 THEN 'none' WHEN 1 THEN 'read' WHEN 2 THEN 'write' ELSE 'admin' END AS new_level
    FROM level
    WHERE old_number <> new_number
    UNION ALL
    SELECT night, identity_type, identity_id, NULL, CASE WHEN is_active THEN 'activated' ELSE 'deactivated' END, NULL, NULL
    FROM (SELECT night, identity_type, identity_id, is_active FROM identities WHERE age = 'new')
    JOIN (SELECT night, identity_type, identity_id, is_active AS was_active FROM identities WHERE age = 'old')
        USING (night, identity_type, identity_id)
    WHERE is_active <> was_active
),
pair AS (
    SELECT night, data_source, min(date) AS old_date, max(date) AS new_date,
           bool_and(coalesce(is_complete, TRUE)) AS is_complete
    FROM night JOIN (SELECT data_source, date, is_complete FROM exports) USING (data_source, date)
    GROUP BY night, data_source
)
SELECT data_source, old_date, new_date, is_complete, change, identity_type, identity_id, name, username, is_active,
       old_level, new_level, type AS resource_type, path AS resource, resource_key
FROM change
LEFT JOIN pair USING (night)
LEFT JOIN identity USING (night, identity_type, identity_id)
LEFT JOIN resource USING (night, resource_key)
WHERE (((SELECT identity FROM parameters) IS NULL AND identity_type <> 'group')
       OR (SELECT lower(identity) FROM parameters) IN (lower(identity_id), lower(username), lower(email)))
  AND ((SELECT resource FROM parameters) IS NULL
       OR (SELECT lower(resource) FROM parameters) IN (lower(path), lower(resource_key)))
ORDER BY data_source, name, identity_type, identity_id, coalesce(path, ''), coalesce(resource_key, ''), change
