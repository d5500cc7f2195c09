-- one row per distinct document

-- Of several copies the one whose key names a data set counts, else the first by unit.
SELECT
    item_sha256,
    unnest(arg_min({
        'item_key': item_key, 'doc': doc, 'batch_id': batch_id, 'unit_id': unit_id,
        'source_file_id': source_file_id, 'line': line
    }, CASE WHEN contains(item_key, '#') THEN '0' ELSE '1' END || coalesce(item_key, '') || unit_id))
FROM lake.documents
GROUP BY item_sha256
