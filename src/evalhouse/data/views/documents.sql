-- one row per distinct document

SELECT
    item_sha256,
    unnest(any_value({
        'item_key': item_key, 'doc': doc, 'batch_id': batch_id, 'unit_id': unit_id,
        'source_file_id': source_file_id, 'line': line
    }))
FROM lake.documents
GROUP BY item_sha256
