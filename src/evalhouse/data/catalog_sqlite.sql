CREATE TABLE house_settings (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_house_settings PRIMARY KEY (name)
);

CREATE TABLE creators (
	creator_id CHAR(36) NOT NULL, 
	name TEXT NOT NULL, 
	display_name TEXT, 
	homepage TEXT, 
	service_identifiers TEXT, 
	provisional BOOLEAN NOT NULL, 
	CONSTRAINT pk_creators PRIMARY KEY (creator_id), 
	CONSTRAINT uq_creators_name UNIQUE (name), 
	CONSTRAINT ck_creators_provisional CHECK (provisional IN (0, 1))
);

CREATE TABLE tasks (
	task_id CHAR(36) NOT NULL, 
	task_name TEXT NOT NULL, 
	task_path TEXT NOT NULL, 
	task_description TEXT, 
	parent_id CHAR(36), 
	sort_order BIGINT NOT NULL, 
	kind TEXT NOT NULL, 
	is_suite BOOLEAN NOT NULL, 
	grader TEXT, 
	grader_commit TEXT, 
	dataset TEXT, 
	dataset_revision TEXT, 
	split TEXT, 
	natural_key_hash TEXT NOT NULL, 
	CONSTRAINT pk_tasks PRIMARY KEY (task_id), 
	CONSTRAINT uq_tasks_natural_key_hash UNIQUE (natural_key_hash), 
	CONSTRAINT fk_tasks_parent_id FOREIGN KEY(parent_id) REFERENCES tasks (task_id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT ck_tasks_kind CHECK (kind IN ('codebook', 'prompts', 'benchmark')), 
	CONSTRAINT ck_tasks_is_suite CHECK (is_suite IN (0, 1))
);

CREATE TABLE prompt_texts (
	prompt_hash TEXT NOT NULL, 
	prompt_text TEXT NOT NULL, 
	CONSTRAINT pk_prompt_texts PRIMARY KEY (prompt_hash)
);

CREATE TABLE publishers (
	publisher_id CHAR(36) NOT NULL, 
	name TEXT NOT NULL, 
	contact TEXT, 
	CONSTRAINT pk_publishers PRIMARY KEY (publisher_id), 
	CONSTRAINT uq_publishers_name UNIQUE (name)
);

CREATE TABLE sources (
	source_id CHAR(36) NOT NULL, 
	format TEXT NOT NULL, 
	uri TEXT NOT NULL, 
	content_sha256 TEXT NOT NULL, 
	files BIGINT NOT NULL, 
	bytes BIGINT NOT NULL, 
	ingested_at TEXT NOT NULL, 
	reader_version TEXT NOT NULL, 
	status TEXT NOT NULL, 
	CONSTRAINT pk_sources PRIMARY KEY (source_id), 
	CONSTRAINT ck_sources_status CHECK (status IN ('complete', 'problems'))
);

CREATE TABLE environments (
	environment_id CHAR(36) NOT NULL, 
	python TEXT, 
	packages TEXT, 
	git_commit TEXT, 
	git_dirty BOOLEAN, 
	git_tag TEXT, 
	os TEXT, 
	kernel TEXT, 
	container TEXT, 
	frameworks TEXT, 
	variables TEXT, 
	CONSTRAINT pk_environments PRIMARY KEY (environment_id), 
	CONSTRAINT ck_environments_git_dirty CHECK (git_dirty IN (0, 1))
);

CREATE TABLE batches (
	batch_id CHAR(36) NOT NULL, 
	state TEXT NOT NULL, 
	host TEXT NOT NULL, 
	pid BIGINT NOT NULL, 
	opened_at TEXT NOT NULL, 
	heartbeat_at TEXT NOT NULL, 
	committed_at TEXT, 
	sequence BIGINT, 
	code_version TEXT NOT NULL, 
	CONSTRAINT pk_batches PRIMARY KEY (batch_id), 
	CONSTRAINT uq_batches_sequence UNIQUE (sequence), 
	CONSTRAINT ck_batches_state CHECK (state IN ('open', 'committed', 'abandoned'))
);

CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE models (
	model_id CHAR(36) NOT NULL, 
	provider TEXT NOT NULL, 
	model_name TEXT NOT NULL, 
	model_version TEXT, 
	model_family TEXT, 
	revision TEXT, 
	creator_id CHAR(36), 
	model_hash TEXT, 
	parameter_count BIGINT, 
	active_parameter_count BIGINT, 
	context_length BIGINT, 
	release_date TEXT, 
	description TEXT, 
	predecessor_model_id CHAR(36), 
	base_model_id CHAR(36), 
	adapter_hash TEXT, 
	quantized_from_id CHAR(36), 
	provisional BOOLEAN NOT NULL, 
	CONSTRAINT pk_models PRIMARY KEY (model_id), 
	CONSTRAINT uq_models_model_hash UNIQUE (model_hash), 
	CONSTRAINT fk_models_creator_id FOREIGN KEY(creator_id) REFERENCES creators (creator_id), 
	CONSTRAINT fk_models_predecessor_model_id FOREIGN KEY(predecessor_model_id) REFERENCES models (model_id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_models_base_model_id FOREIGN KEY(base_model_id) REFERENCES models (model_id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_models_quantized_from_id FOREIGN KEY(quantized_from_id) REFERENCES models (model_id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT ck_models_provisional CHECK (provisional IN (0, 1))
);

CREATE TABLE task_members (
	suite_id CHAR(36) NOT NULL, 
	member_id CHAR(36) NOT NULL, 
	sort_order BIGINT NOT NULL, 
	rule TEXT NOT NULL, 
	CONSTRAINT pk_task_members PRIMARY KEY (suite_id, member_id), 
	CONSTRAINT fk_task_members_suite_id FOREIGN KEY(suite_id) REFERENCES tasks (task_id), 
	CONSTRAINT fk_task_members_member_id FOREIGN KEY(member_id) REFERENCES tasks (task_id)
);

CREATE TABLE prompts (
	prompt_id CHAR(36) NOT NULL, 
	task_id CHAR(36) NOT NULL, 
	kind TEXT NOT NULL, 
	prompt_hash TEXT NOT NULL, 
	file_path TEXT, 
	git_commit_hash TEXT, 
	content_length_bytes BIGINT, 
	version TEXT, 
	release_date TEXT, 
	is_prerelease BOOLEAN NOT NULL, 
	difficulty BIGINT NOT NULL, 
	alias_of CHAR(36), 
	modified_at TEXT, 
	CONSTRAINT pk_prompts PRIMARY KEY (prompt_id), 
	CONSTRAINT uq_prompts_task_id_prompt_hash UNIQUE (task_id, prompt_hash), 
	CONSTRAINT uq_prompts_task_id_prompt_id UNIQUE (task_id, prompt_id), 
	CONSTRAINT fk_prompts_task_id FOREIGN KEY(task_id) REFERENCES tasks (task_id), 
	CONSTRAINT fk_prompts_prompt_hash FOREIGN KEY(prompt_hash) REFERENCES prompt_texts (prompt_hash), 
	CONSTRAINT fk_prompts_alias_of FOREIGN KEY(alias_of) REFERENCES prompts (prompt_id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT ck_prompts_kind CHECK (kind IN ('text', 'template', 'task_config')), 
	CONSTRAINT ck_prompts_is_prerelease CHECK (is_prerelease IN (0, 1))
);

CREATE TABLE files (
	location_id CHAR(36) NOT NULL, 
	source_file_id CHAR(36) NOT NULL, 
	source_id CHAR(36) NOT NULL, 
	path TEXT NOT NULL, 
	relative_path TEXT NOT NULL, 
	family TEXT NOT NULL, 
	bytes BIGINT NOT NULL, 
	mtime_ns BIGINT NOT NULL, 
	sha256 TEXT, 
	disposition TEXT NOT NULL, 
	reason TEXT, 
	unit_id CHAR(36), 
	blob TEXT, 
	rows BIGINT, 
	redactions BIGINT NOT NULL, 
	live BOOLEAN NOT NULL, 
	CONSTRAINT pk_files PRIMARY KEY (location_id), 
	CONSTRAINT fk_files_source_id FOREIGN KEY(source_id) REFERENCES sources (source_id), 
	CONSTRAINT ck_files_disposition CHECK (disposition IN ('parsed', 'kept', 'ignored')), 
	CONSTRAINT ck_files_live CHECK (live IN (0, 1))
);

CREATE TABLE runs (
	run_id CHAR(36) NOT NULL, 
	short_id TEXT NOT NULL, 
	label TEXT, 
	publisher_id CHAR(36), 
	started_at TEXT, 
	finished_at TEXT, 
	submitted_at TEXT NOT NULL, 
	runner TEXT, 
	runner_version TEXT, 
	prompt_git_hash TEXT, 
	config TEXT, 
	config_hash TEXT NOT NULL, 
	environment_id CHAR(36), 
	seed BIGINT, 
	status TEXT NOT NULL, 
	supersedes CHAR(36), 
	CONSTRAINT pk_runs PRIMARY KEY (run_id), 
	CONSTRAINT uq_runs_short_id UNIQUE (short_id), 
	CONSTRAINT fk_runs_publisher_id FOREIGN KEY(publisher_id) REFERENCES publishers (publisher_id), 
	CONSTRAINT fk_runs_environment_id FOREIGN KEY(environment_id) REFERENCES environments (environment_id), 
	CONSTRAINT fk_runs_supersedes FOREIGN KEY(supersedes) REFERENCES runs (run_id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT ck_runs_status CHECK (status IN ('complete', 'incomplete', 'failed'))
);

CREATE TABLE unit_supersedes (
	unit_id CHAR(36) NOT NULL, 
	batch_id CHAR(36) NOT NULL, 
	superseded_by CHAR(36), 
	CONSTRAINT pk_unit_supersedes PRIMARY KEY (unit_id, batch_id), 
	CONSTRAINT fk_unit_supersedes_batch_id FOREIGN KEY(batch_id) REFERENCES batches (batch_id), 
	CONSTRAINT fk_unit_supersedes_superseded_by FOREIGN KEY(superseded_by) REFERENCES batches (batch_id)
);

CREATE TABLE run_sources (
	run_id CHAR(36) NOT NULL, 
	source_id CHAR(36) NOT NULL, 
	CONSTRAINT pk_run_sources PRIMARY KEY (run_id, source_id), 
	CONSTRAINT fk_run_sources_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id), 
	CONSTRAINT fk_run_sources_source_id FOREIGN KEY(source_id) REFERENCES sources (source_id)
);

CREATE TABLE run_model_metrics (
	run_id CHAR(36) NOT NULL, 
	prompt_id CHAR(36) NOT NULL, 
	model_id CHAR(36) NOT NULL, 
	task_id CHAR(36) NOT NULL, 
	unit_id CHAR(36), 
	score DOUBLE, 
	pass_fail BOOLEAN, 
	primary_metric TEXT, 
	primary_value DOUBLE, 
	primary_stderr DOUBLE, 
	unit TEXT, 
	higher_is_better BOOLEAN, 
	value_note TEXT, 
	origin TEXT NOT NULL, 
	failure_reason TEXT, 
	failure_detail TEXT, 
	flops_per_token_theoretical BIGINT, 
	n_items BIGINT, 
	items_failed BIGINT, 
	CONSTRAINT pk_run_model_metrics PRIMARY KEY (run_id, prompt_id, model_id), 
	CONSTRAINT fk_run_model_metrics_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id), 
	CONSTRAINT fk_run_model_metrics_prompt_id FOREIGN KEY(prompt_id) REFERENCES prompts (prompt_id), 
	CONSTRAINT fk_run_model_metrics_model_id FOREIGN KEY(model_id) REFERENCES models (model_id), 
	CONSTRAINT fk_run_model_metrics_task_id FOREIGN KEY(task_id) REFERENCES tasks (task_id), 
	CONSTRAINT fk_run_model_metrics_task_id_prompt_id FOREIGN KEY(task_id, prompt_id) REFERENCES prompts (task_id, prompt_id), 
	CONSTRAINT ck_run_model_metrics_pass_fail CHECK (pass_fail IN (0, 1)), 
	CONSTRAINT ck_run_model_metrics_higher_is_better CHECK (higher_is_better IN (0, 1)), 
	CONSTRAINT ck_run_model_metrics_origin CHECK (origin IN ('reported', 'recomputed')), 
	CONSTRAINT ck_run_model_metrics_failure_reason CHECK (failure_reason IN ('timeout', 'refusal', 'malformed_output', 'oom', 'load_failure', 'capability_gap', 'infra_error', 'cancelled', 'unknown'))
);

CREATE TABLE artifacts (
	run_id CHAR(36) NOT NULL, 
	path TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	bytes BIGINT NOT NULL, 
	CONSTRAINT pk_artifacts PRIMARY KEY (run_id, path), 
	CONSTRAINT fk_artifacts_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id)
);

CREATE TABLE batch_units (
	unit_id CHAR(36) NOT NULL, 
	batch_id CHAR(36) NOT NULL, 
	run_id CHAR(36) NOT NULL, 
	part TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	CONSTRAINT pk_batch_units PRIMARY KEY (unit_id, batch_id), 
	CONSTRAINT fk_batch_units_batch_id FOREIGN KEY(batch_id) REFERENCES batches (batch_id), 
	CONSTRAINT fk_batch_units_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id)
);

CREATE INDEX ix_batch_units_batch_id ON batch_units (batch_id);

CREATE INDEX ix_batch_units_run_id ON batch_units (run_id);

CREATE INDEX ix_batches_state ON batches (state);

CREATE INDEX ix_files_path ON files (path);

CREATE INDEX ix_files_source_file_id ON files (source_file_id);

CREATE INDEX ix_files_unit_id ON files (unit_id);

CREATE INDEX ix_models_model_name ON models (model_name);

CREATE INDEX ix_run_model_metrics_model_id ON run_model_metrics (model_id);

CREATE INDEX ix_run_model_metrics_task_id ON run_model_metrics (task_id);

CREATE INDEX ix_run_model_metrics_unit_id ON run_model_metrics (unit_id);

CREATE INDEX ix_tasks_parent_id ON tasks (parent_id);

CREATE INDEX ix_tasks_task_name ON tasks (task_name);

