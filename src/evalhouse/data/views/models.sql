-- one row per model, with names beside the ids of lookups

SELECT
    model.*,
    maker.name AS creator,
    built.name AS architecture,
    stored.name AS file_format,
    reduced.name AS quantization
FROM catalog.models AS model
LEFT JOIN catalog.creators AS maker ON maker.creator_id = model.creator_id
LEFT JOIN catalog.model_architectures AS built ON built.architecture_id = model.architecture_id
LEFT JOIN catalog.model_file_formats AS stored ON stored.file_format_id = model.file_format_id
LEFT JOIN catalog.quantization_methods AS reduced
    ON reduced.quantization_id = model.quantization_id
