"""Tables of models: who made them, what they are, where they are had, what waits for a person."""

from __future__ import annotations

from evalhouse.schema.columns import Column, catalog_table

CREATORS = catalog_table(
    "creators",
    "organisation or person that makes models",
    Column("creator_id", "id", "UUIDv5 of the name", key=True, required=True),
    Column("name", "text", "canonical name", required=True, unique=True),
    Column("display_name", "text", "name as shown"),
    Column("homepage", "text", "address of its site"),
    Column("service_identifiers", "json", "its names on model hubs"),
    Column("provisional", "boolean", "known only from results so far", required=True),
)

SOURCE_TYPES = catalog_table(
    "source_types",
    "kind of place where weights are had",
    Column("source_type_id", "id", "UUIDv5 of the name", key=True, required=True),
    Column("name", "text", "name", required=True, unique=True),
    Column("description", "text", "in a sentence"),
)

MODEL_ARCHITECTURES = catalog_table(
    "model_architectures",
    "way a model is built",
    Column("architecture_id", "id", "UUIDv5 of the name", key=True, required=True),
    Column("name", "text", "name", required=True, unique=True),
    Column("description", "text", "in a sentence"),
)

MODEL_FILE_FORMATS = catalog_table(
    "model_file_formats",
    "file format of weights",
    Column("file_format_id", "id", "UUIDv5 of the name", key=True, required=True),
    Column("name", "text", "name", required=True, unique=True),
    Column("description", "text", "in a sentence"),
)

QUANTIZATION_METHODS = catalog_table(
    "quantization_methods",
    "way weights are stored in fewer bits",
    Column("quantization_id", "id", "UUIDv5 of the name", key=True, required=True),
    Column("name", "text", "name", required=True, unique=True),
    Column("bits_per_weight", "float", "mean over all weights", unit="bits", minimum=0),
    Column("measured_by", "text", "where that figure comes from"),
    Column("description", "text", "in a sentence"),
)

MODELS = catalog_table(
    "models",
    "model as evaluated (provider, name, version, quantization, adapter)",
    Column("model_id", "id", "UUIDv5 of the canonical parts", key=True, required=True),
    Column("provider", "text", "where it is had: huggingface, openai, local, …", required=True),
    Column("model_name", "text", "name at the provider", required=True),
    Column("model_version", "text", "version that the provider gives"),
    Column("model_family", "text", "family it belongs to"),
    Column("revision", "text", "branch, tag or commit of the weights"),
    Column("creator_id", "id", "who made it", references="creators.creator_id"),
    Column("model_hash", "hash", "SHA-256 of the weights, the truth about identity", unique=True),
    Column("parameter_count", "integer", "all parameters", unit="parameters"),
    Column("active_parameter_count", "integer", "parameters used per token", unit="parameters"),
    Column("context_length", "integer", "longest context", unit="tokens"),
    Column("release_date", "text", "day of release, ISO 8601"),
    Column("description", "text", "in a sentence"),
    Column("predecessor_model_id", "id", "the model it follows", references="models.model_id"),
    Column("base_model_id", "id", "the model an adapter is on", references="models.model_id"),
    Column("adapter_hash", "hash", "SHA-256 of the adapter's weights"),
    Column("quantized_from_id", "id", "the unquantised model", references="models.model_id"),
    Column("provisional", "boolean", "known only from results so far", required=True),
    Column(
        "architecture_id", "id", "how it is built", references="model_architectures.architecture_id"
    ),
    Column(
        "file_format_id",
        "id",
        "format of its weights",
        references="model_file_formats.file_format_id",
    ),
    Column(
        "quantization_id",
        "id",
        "how its weights are stored",
        references="quantization_methods.quantization_id",
    ),
    Column("context_length_min", "integer", "least context", unit="tokens", minimum=0),
    Column("context_length_max", "integer", "context with extension", unit="tokens", minimum=0),
    Column("weights_bytes", "integer", "size of the weights", unit="bytes", minimum=0),
    Column("stated", "json", "name, quantization, … as the source spells them"),
    indexes=(("model_name",), ("creator_id",)),
)

MODEL_SOURCES = catalog_table(
    "model_sources",
    "place where a model's weights are had",
    Column("model_source_id", "id", "UUIDv5 of model and address", key=True, required=True),
    Column("model_id", "id", "the model", required=True, references="models.model_id"),
    Column(
        "source_type_id",
        "id",
        "kind of place",
        required=True,
        references="source_types.source_type_id",
    ),
    Column("url", "text", "address, or path of a local file", required=True),
    Column("source_metadata", "json", "what the place says of it: commit, digest, downloads, …"),
    Column("updated", "timestamp", "when the place was last asked"),
    unique=(("model_id", "url"),),
)

MODEL_CONFLICTS = catalog_table(
    "model_conflicts",
    "thing about a model that a person must decide",
    Column("conflict_id", "id", "UUIDv5 of what is in conflict", key=True, required=True),
    Column(
        "kind",
        "text",
        "two models of one hash, two values of one field, or a value that no lookup has",
        required=True,
        values=("same_weights", "different_value", "unknown_value"),
    ),
    Column("model_id", "id", "the model as stored", required=True, references="models.model_id"),
    Column(
        "other_model_id", "id", "the other model, where there are two", references="models.model_id"
    ),
    Column("difference", "json", "field by field: what is stored, what arrived", required=True),
    Column("origin", "text", "what brought it: file, address or command"),
    Column(
        "state",
        "text",
        "open until a person decides",
        required=True,
        values=("open", "merged", "kept", "rejected"),
    ),
    Column("note", "text", "why it was decided so"),
    Column("seen_at", "timestamp", "when it arose", required=True),
    Column("decided_by", "text", "who decided"),
    Column("decided_at", "timestamp", "when"),
    indexes=(("state",), ("model_id",)),
)

CREATOR_ALIASES = catalog_table(
    "creator_aliases",
    "other id of a creator: what was learnt later, reversible by removing the row",
    Column("alias_id", "id", "the other id; need not be a row", key=True, required=True),
    Column(
        "creator_id", "id", "what it stands for", required=True, references="creators.creator_id"
    ),
    Column("alias_name", "text", "name that the other id was made of"),
    Column("reason", "text", "why both are the same", required=True),
    Column("decided_by", "text", "who said so", required=True),
    Column("decided_at", "timestamp", "when", required=True),
    indexes=(("creator_id",),),
)

MODEL_ALIASES = catalog_table(
    "model_aliases",
    "other id of a model: what was learnt later, reversible by removing the row",
    Column("alias_id", "id", "the other id; need not be a row", key=True, required=True),
    Column("model_id", "id", "what it stands for", required=True, references="models.model_id"),
    Column("alias_name", "text", "name that the other id was made of"),
    Column("reason", "text", "why both are the same", required=True),
    Column("decided_by", "text", "who said so", required=True),
    Column("decided_at", "timestamp", "when", required=True),
    indexes=(("model_id",),),
)
