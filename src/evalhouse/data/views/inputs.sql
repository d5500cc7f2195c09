-- one row per recorded input of an item, with its document

SELECT told.*, known.doc
FROM lake.inputs AS told
LEFT JOIN (
    SELECT item_sha256, any_value(doc) AS doc FROM lake.documents GROUP BY item_sha256
) AS known ON known.item_sha256 = told.item_sha256
