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

CREATE TABLE source_types (
	source_type_id CHAR(36) NOT NULL, 
	name TEXT NOT NULL, 
	description TEXT, 
	CONSTRAINT pk_source_types PRIMARY KEY (source_type_id), 
	CONSTRAINT uq_source_types_name UNIQUE (name)
);

CREATE TABLE model_architectures (
	architecture_id CHAR(36) NOT NULL, 
	name TEXT NOT NULL, 
	description TEXT, 
	CONSTRAINT pk_model_architectures PRIMARY KEY (architecture_id), 
	CONSTRAINT uq_model_architectures_name UNIQUE (name)
);

CREATE TABLE model_file_formats (
	file_format_id CHAR(36) NOT NULL, 
	name TEXT NOT NULL, 
	description TEXT, 
	CONSTRAINT pk_model_file_formats PRIMARY KEY (file_format_id), 
	CONSTRAINT uq_model_file_formats_name UNIQUE (name)
);

CREATE TABLE quantization_methods (
	quantization_id CHAR(36) NOT NULL, 
	name TEXT NOT NULL, 
	bits_per_weight DOUBLE, 
	measured_by TEXT, 
	description TEXT, 
	CONSTRAINT pk_quantization_methods PRIMARY KEY (quantization_id), 
	CONSTRAINT uq_quantization_methods_name UNIQUE (name), 
	CONSTRAINT ck_quantization_methods_bits_per_weight CHECK (bits_per_weight >= 0)
);

CREATE TABLE task_categories (
	category_id CHAR(36) NOT NULL, 
	name TEXT NOT NULL, 
	description TEXT, 
	CONSTRAINT pk_task_categories PRIMARY KEY (category_id), 
	CONSTRAINT uq_task_categories_name UNIQUE (name)
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
	gpus TEXT, 
	CONSTRAINT pk_environments PRIMARY KEY (environment_id), 
	CONSTRAINT ck_environments_git_dirty CHECK (git_dirty IN (0, 1))
);

CREATE TABLE interface_types (
	interface_type_id CHAR(36) NOT NULL, 
	description TEXT NOT NULL, 
	interface_family TEXT, 
	lane_transfer_rate DOUBLE, 
	lane_count BIGINT, 
	bandwidth_peak_gb_s DOUBLE, 
	CONSTRAINT pk_interface_types PRIMARY KEY (interface_type_id), 
	CONSTRAINT uq_interface_types_description UNIQUE (description), 
	CONSTRAINT ck_interface_types_lane_transfer_rate CHECK (lane_transfer_rate >= 0), 
	CONSTRAINT ck_interface_types_lane_count CHECK (lane_count >= 1), 
	CONSTRAINT ck_interface_types_bandwidth_peak_gb_s CHECK (bandwidth_peak_gb_s >= 0)
);

CREATE TABLE compute_formats (
	compute_format_id CHAR(36) NOT NULL, 
	name TEXT NOT NULL, 
	bits BIGINT NOT NULL, 
	description TEXT, 
	CONSTRAINT pk_compute_formats PRIMARY KEY (compute_format_id), 
	CONSTRAINT uq_compute_formats_name UNIQUE (name), 
	CONSTRAINT ck_compute_formats_bits CHECK (bits >= 1)
);

CREATE TABLE tflops_sources (
	tflops_source_id CHAR(36) NOT NULL, 
	name TEXT NOT NULL, 
	url TEXT, 
	is_measured BOOLEAN NOT NULL, 
	CONSTRAINT pk_tflops_sources PRIMARY KEY (tflops_source_id), 
	CONSTRAINT uq_tflops_sources_name UNIQUE (name), 
	CONSTRAINT ck_tflops_sources_is_measured CHECK (is_measured IN (0, 1))
);

CREATE TABLE system_software (
	system_software_id CHAR(36) NOT NULL, 
	os TEXT, 
	kernel TEXT, 
	python TEXT, 
	gpu_driver_version TEXT, 
	cuda_version TEXT, 
	rocm_version TEXT, 
	engine TEXT, 
	engine_version TEXT, 
	runner_version TEXT, 
	container TEXT, 
	CONSTRAINT pk_system_software PRIMARY KEY (system_software_id)
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

CREATE TABLE creator_aliases (
	alias_id CHAR(36) NOT NULL, 
	creator_id CHAR(36) NOT NULL, 
	alias_name TEXT, 
	reason TEXT NOT NULL, 
	decided_by TEXT NOT NULL, 
	decided_at TEXT NOT NULL, 
	CONSTRAINT pk_creator_aliases PRIMARY KEY (alias_id), 
	CONSTRAINT fk_creator_aliases_creator_id FOREIGN KEY(creator_id) REFERENCES creators (creator_id)
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
	architecture_id CHAR(36), 
	file_format_id CHAR(36), 
	quantization_id CHAR(36), 
	context_length_min BIGINT, 
	context_length_max BIGINT, 
	weights_bytes BIGINT, 
	stated TEXT, 
	CONSTRAINT pk_models PRIMARY KEY (model_id), 
	CONSTRAINT uq_models_model_hash UNIQUE (model_hash), 
	CONSTRAINT fk_models_creator_id FOREIGN KEY(creator_id) REFERENCES creators (creator_id), 
	CONSTRAINT fk_models_predecessor_model_id FOREIGN KEY(predecessor_model_id) REFERENCES models (model_id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_models_base_model_id FOREIGN KEY(base_model_id) REFERENCES models (model_id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_models_quantized_from_id FOREIGN KEY(quantized_from_id) REFERENCES models (model_id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_models_architecture_id FOREIGN KEY(architecture_id) REFERENCES model_architectures (architecture_id), 
	CONSTRAINT fk_models_file_format_id FOREIGN KEY(file_format_id) REFERENCES model_file_formats (file_format_id), 
	CONSTRAINT fk_models_quantization_id FOREIGN KEY(quantization_id) REFERENCES quantization_methods (quantization_id), 
	CONSTRAINT ck_models_provisional CHECK (provisional IN (0, 1)), 
	CONSTRAINT ck_models_context_length_min CHECK (context_length_min >= 0), 
	CONSTRAINT ck_models_context_length_max CHECK (context_length_max >= 0), 
	CONSTRAINT ck_models_weights_bytes CHECK (weights_bytes >= 0)
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
	category_id CHAR(36), 
	CONSTRAINT pk_tasks PRIMARY KEY (task_id), 
	CONSTRAINT uq_tasks_natural_key_hash UNIQUE (natural_key_hash), 
	CONSTRAINT fk_tasks_parent_id FOREIGN KEY(parent_id) REFERENCES tasks (task_id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_tasks_category_id FOREIGN KEY(category_id) REFERENCES task_categories (category_id), 
	CONSTRAINT ck_tasks_kind CHECK (kind IN ('codebook', 'prompts', 'benchmark')), 
	CONSTRAINT ck_tasks_is_suite CHECK (is_suite IN (0, 1))
);

CREATE TABLE signing_keys (
	key_id CHAR(36) NOT NULL, 
	publisher_id CHAR(36) NOT NULL, 
	algorithm TEXT NOT NULL, 
	public_key TEXT NOT NULL, 
	valid_from TEXT NOT NULL, 
	valid_until TEXT, 
	revoked_at TEXT, 
	note TEXT, 
	CONSTRAINT pk_signing_keys PRIMARY KEY (key_id), 
	CONSTRAINT uq_signing_keys_public_key UNIQUE (public_key), 
	CONSTRAINT fk_signing_keys_publisher_id FOREIGN KEY(publisher_id) REFERENCES publishers (publisher_id), 
	CONSTRAINT ck_signing_keys_algorithm CHECK (algorithm IN ('ed25519'))
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

CREATE TABLE gpu_hardware (
	gpu_hardware_id CHAR(36) NOT NULL, 
	name TEXT NOT NULL, 
	pci_vendor_id TEXT, 
	pci_device_id TEXT, 
	pci_subsystem_vendor_id TEXT, 
	pci_subsystem_device_id TEXT, 
	gpu_architecture TEXT, 
	vram_total_mb BIGINT, 
	vram_type TEXT, 
	memory_bus_width_bits BIGINT, 
	memory_bandwidth_peak_gb_s DOUBLE, 
	clock_memory_mhz BIGINT, 
	clock_graphics_boost_mhz BIGINT, 
	tdp_watts BIGINT, 
	native_interface_type_id CHAR(36), 
	provisional BOOLEAN NOT NULL, 
	CONSTRAINT pk_gpu_hardware PRIMARY KEY (gpu_hardware_id), 
	CONSTRAINT fk_gpu_hardware_native_interface_type_id FOREIGN KEY(native_interface_type_id) REFERENCES interface_types (interface_type_id), 
	CONSTRAINT ck_gpu_hardware_vram_total_mb CHECK (vram_total_mb >= 0), 
	CONSTRAINT ck_gpu_hardware_memory_bus_width_bits CHECK (memory_bus_width_bits >= 0), 
	CONSTRAINT ck_gpu_hardware_memory_bandwidth_peak_gb_s CHECK (memory_bandwidth_peak_gb_s >= 0), 
	CONSTRAINT ck_gpu_hardware_clock_memory_mhz CHECK (clock_memory_mhz >= 0), 
	CONSTRAINT ck_gpu_hardware_clock_graphics_boost_mhz CHECK (clock_graphics_boost_mhz >= 0), 
	CONSTRAINT ck_gpu_hardware_tdp_watts CHECK (tdp_watts >= 0), 
	CONSTRAINT ck_gpu_hardware_provisional CHECK (provisional IN (0, 1))
);

CREATE TABLE system_hardware (
	system_hardware_id CHAR(36) NOT NULL, 
	host_id CHAR(36), 
	publisher_id CHAR(36), 
	cpu_model TEXT, 
	cpu_cores BIGINT, 
	cpu_threads BIGINT, 
	cpu_base_clock_mhz BIGINT, 
	cpu_peak_clock_mhz BIGINT, 
	ram_total_bytes BIGINT, 
	memory_speed_mhz BIGINT, 
	memory_channels BIGINT, 
	motherboard TEXT, 
	machine TEXT, 
	description TEXT, 
	CONSTRAINT pk_system_hardware PRIMARY KEY (system_hardware_id), 
	CONSTRAINT fk_system_hardware_publisher_id FOREIGN KEY(publisher_id) REFERENCES publishers (publisher_id), 
	CONSTRAINT ck_system_hardware_cpu_cores CHECK (cpu_cores >= 0), 
	CONSTRAINT ck_system_hardware_cpu_threads CHECK (cpu_threads >= 0), 
	CONSTRAINT ck_system_hardware_cpu_base_clock_mhz CHECK (cpu_base_clock_mhz >= 0), 
	CONSTRAINT ck_system_hardware_cpu_peak_clock_mhz CHECK (cpu_peak_clock_mhz >= 0), 
	CONSTRAINT ck_system_hardware_ram_total_bytes CHECK (ram_total_bytes >= 0), 
	CONSTRAINT ck_system_hardware_memory_speed_mhz CHECK (memory_speed_mhz >= 0), 
	CONSTRAINT ck_system_hardware_memory_channels CHECK (memory_channels >= 0)
);

CREATE TABLE unit_supersedes (
	unit_id CHAR(36) NOT NULL, 
	batch_id CHAR(36) NOT NULL, 
	superseded_by CHAR(36), 
	CONSTRAINT pk_unit_supersedes PRIMARY KEY (unit_id, batch_id), 
	CONSTRAINT fk_unit_supersedes_batch_id FOREIGN KEY(batch_id) REFERENCES batches (batch_id), 
	CONSTRAINT fk_unit_supersedes_superseded_by FOREIGN KEY(superseded_by) REFERENCES batches (batch_id)
);

CREATE TABLE model_sources (
	model_source_id CHAR(36) NOT NULL, 
	model_id CHAR(36) NOT NULL, 
	source_type_id CHAR(36) NOT NULL, 
	url TEXT NOT NULL, 
	source_metadata TEXT, 
	updated TEXT, 
	CONSTRAINT pk_model_sources PRIMARY KEY (model_source_id), 
	CONSTRAINT uq_model_sources_model_id_url UNIQUE (model_id, url), 
	CONSTRAINT fk_model_sources_model_id FOREIGN KEY(model_id) REFERENCES models (model_id), 
	CONSTRAINT fk_model_sources_source_type_id FOREIGN KEY(source_type_id) REFERENCES source_types (source_type_id)
);

CREATE TABLE model_aliases (
	alias_id CHAR(36) NOT NULL, 
	model_id CHAR(36) NOT NULL, 
	alias_name TEXT, 
	reason TEXT NOT NULL, 
	decided_by TEXT NOT NULL, 
	decided_at TEXT NOT NULL, 
	CONSTRAINT pk_model_aliases PRIMARY KEY (alias_id), 
	CONSTRAINT fk_model_aliases_model_id FOREIGN KEY(model_id) REFERENCES models (model_id)
);

CREATE TABLE model_conflicts (
	conflict_id CHAR(36) NOT NULL, 
	kind TEXT NOT NULL, 
	model_id CHAR(36) NOT NULL, 
	other_model_id CHAR(36), 
	difference TEXT NOT NULL, 
	origin TEXT, 
	state TEXT NOT NULL, 
	note TEXT, 
	seen_at TEXT NOT NULL, 
	decided_by TEXT, 
	decided_at TEXT, 
	CONSTRAINT pk_model_conflicts PRIMARY KEY (conflict_id), 
	CONSTRAINT fk_model_conflicts_model_id FOREIGN KEY(model_id) REFERENCES models (model_id), 
	CONSTRAINT fk_model_conflicts_other_model_id FOREIGN KEY(other_model_id) REFERENCES models (model_id), 
	CONSTRAINT ck_model_conflicts_kind CHECK (kind IN ('same_weights', 'different_value', 'unknown_value')), 
	CONSTRAINT ck_model_conflicts_state CHECK (state IN ('open', 'merged', 'kept', 'rejected'))
);

CREATE TABLE task_aliases (
	alias_id CHAR(36) NOT NULL, 
	task_id CHAR(36) NOT NULL, 
	alias_name TEXT, 
	reason TEXT NOT NULL, 
	decided_by TEXT NOT NULL, 
	decided_at TEXT NOT NULL, 
	CONSTRAINT pk_task_aliases PRIMARY KEY (alias_id), 
	CONSTRAINT fk_task_aliases_task_id FOREIGN KEY(task_id) REFERENCES tasks (task_id)
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
	CONSTRAINT ck_prompts_is_prerelease CHECK (is_prerelease IN (0, 1)), 
	CONSTRAINT ck_prompts_difficulty CHECK (difficulty >= 0)
);

CREATE TABLE run_sources (
	run_id CHAR(36) NOT NULL, 
	source_id CHAR(36) NOT NULL, 
	CONSTRAINT pk_run_sources PRIMARY KEY (run_id, source_id), 
	CONSTRAINT fk_run_sources_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id), 
	CONSTRAINT fk_run_sources_source_id FOREIGN KEY(source_id) REFERENCES sources (source_id)
);

CREATE TABLE gpu_tflops (
	gpu_hardware_id CHAR(36) NOT NULL, 
	compute_format_id CHAR(36) NOT NULL, 
	tflops_source_id CHAR(36) NOT NULL, 
	tflops_value DOUBLE NOT NULL, 
	CONSTRAINT pk_gpu_tflops PRIMARY KEY (gpu_hardware_id, compute_format_id, tflops_source_id), 
	CONSTRAINT fk_gpu_tflops_gpu_hardware_id FOREIGN KEY(gpu_hardware_id) REFERENCES gpu_hardware (gpu_hardware_id), 
	CONSTRAINT fk_gpu_tflops_compute_format_id FOREIGN KEY(compute_format_id) REFERENCES compute_formats (compute_format_id), 
	CONSTRAINT fk_gpu_tflops_tflops_source_id FOREIGN KEY(tflops_source_id) REFERENCES tflops_sources (tflops_source_id), 
	CONSTRAINT ck_gpu_tflops_tflops_value CHECK (tflops_value >= 0)
);

CREATE TABLE system_gpu_links (
	system_hardware_id CHAR(36) NOT NULL, 
	slot_index BIGINT NOT NULL, 
	gpu_hardware_id CHAR(36) NOT NULL, 
	slot_native_interface_type_id CHAR(36), 
	actual_interface_type_id CHAR(36), 
	is_under_load BOOLEAN, 
	vram_total_mb BIGINT, 
	power_limit_w DOUBLE, 
	CONSTRAINT pk_system_gpu_links PRIMARY KEY (system_hardware_id, slot_index), 
	CONSTRAINT fk_system_gpu_links_system_hardware_id FOREIGN KEY(system_hardware_id) REFERENCES system_hardware (system_hardware_id), 
	CONSTRAINT fk_system_gpu_links_gpu_hardware_id FOREIGN KEY(gpu_hardware_id) REFERENCES gpu_hardware (gpu_hardware_id), 
	CONSTRAINT fk_system_gpu_links_slot_native_interface_type_id FOREIGN KEY(slot_native_interface_type_id) REFERENCES interface_types (interface_type_id), 
	CONSTRAINT fk_system_gpu_links_actual_interface_type_id FOREIGN KEY(actual_interface_type_id) REFERENCES interface_types (interface_type_id), 
	CONSTRAINT ck_system_gpu_links_slot_index CHECK (slot_index >= 0), 
	CONSTRAINT ck_system_gpu_links_is_under_load CHECK (is_under_load IN (0, 1)), 
	CONSTRAINT ck_system_gpu_links_vram_total_mb CHECK (vram_total_mb >= 0), 
	CONSTRAINT ck_system_gpu_links_power_limit_w CHECK (power_limit_w >= 0)
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

CREATE TABLE submissions (
	submission_id CHAR(36) NOT NULL, 
	bundle_sha256 TEXT NOT NULL, 
	publisher_id CHAR(36), 
	key_id CHAR(36), 
	run_id CHAR(36) NOT NULL, 
	evidence_level BIGINT NOT NULL, 
	state TEXT NOT NULL, 
	received_at TEXT NOT NULL, 
	CONSTRAINT pk_submissions PRIMARY KEY (submission_id), 
	CONSTRAINT uq_submissions_bundle_sha256 UNIQUE (bundle_sha256), 
	CONSTRAINT fk_submissions_publisher_id FOREIGN KEY(publisher_id) REFERENCES publishers (publisher_id), 
	CONSTRAINT fk_submissions_key_id FOREIGN KEY(key_id) REFERENCES signing_keys (key_id), 
	CONSTRAINT fk_submissions_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id), 
	CONSTRAINT ck_submissions_evidence_level CHECK (evidence_level >= 0 AND evidence_level <= 4), 
	CONSTRAINT ck_submissions_state CHECK (state IN ('received', 'accepted', 'incomplete', 'failed', 'disputed', 'superseded', 'revoked'))
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
	CONSTRAINT ck_run_model_metrics_score CHECK (score >= 0 AND score <= 1), 
	CONSTRAINT ck_run_model_metrics_pass_fail CHECK (pass_fail IN (0, 1)), 
	CONSTRAINT ck_run_model_metrics_higher_is_better CHECK (higher_is_better IN (0, 1)), 
	CONSTRAINT ck_run_model_metrics_origin CHECK (origin IN ('reported', 'recomputed')), 
	CONSTRAINT ck_run_model_metrics_failure_reason CHECK (failure_reason IN ('timeout', 'refusal', 'malformed_output', 'oom', 'load_failure', 'capability_gap', 'infra_error', 'cancelled', 'unknown')), 
	CONSTRAINT ck_run_model_metrics_n_items CHECK (n_items >= 0), 
	CONSTRAINT ck_run_model_metrics_items_failed CHECK (items_failed >= 0)
);

CREATE TABLE run_hardware_metrics (
	measurement_id CHAR(36) NOT NULL, 
	run_id CHAR(36) NOT NULL, 
	prompt_id CHAR(36), 
	model_id CHAR(36), 
	attempt BIGINT NOT NULL, 
	unit_id CHAR(36), 
	system_hardware_id CHAR(36), 
	slot_index BIGINT, 
	system_software_id CHAR(36), 
	wall_clock_seconds DOUBLE, 
	seconds_to_first_token DOUBLE, 
	tokens_per_second DOUBLE, 
	prompt_tokens BIGINT, 
	completion_tokens BIGINT, 
	cpu_seconds_user DOUBLE, 
	cpu_seconds_sys DOUBLE, 
	gpu_event_seconds DOUBLE, 
	gpu_weighted_seconds DOUBLE, 
	tflops_utilization_pct DOUBLE, 
	energy_wh DOUBLE, 
	energy_cpu_wh DOUBLE, 
	energy_gpu_wh DOUBLE, 
	energy_ram_wh DOUBLE, 
	emissions_kg DOUBLE, 
	peak_vram_mb DOUBLE, 
	gpu_sm_utilization_pct DOUBLE, 
	power_limit_w DOUBLE, 
	figure_sources TEXT, 
	CONSTRAINT pk_run_hardware_metrics PRIMARY KEY (measurement_id), 
	CONSTRAINT fk_run_hardware_metrics_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id), 
	CONSTRAINT fk_run_hardware_metrics_prompt_id FOREIGN KEY(prompt_id) REFERENCES prompts (prompt_id), 
	CONSTRAINT fk_run_hardware_metrics_model_id FOREIGN KEY(model_id) REFERENCES models (model_id), 
	CONSTRAINT fk_run_hardware_metrics_system_hardware_id FOREIGN KEY(system_hardware_id) REFERENCES system_hardware (system_hardware_id), 
	CONSTRAINT fk_run_hardware_metrics_system_software_id FOREIGN KEY(system_software_id) REFERENCES system_software (system_software_id), 
	CONSTRAINT fk_run_hardware_metrics_system_hardware_id_slot_index FOREIGN KEY(system_hardware_id, slot_index) REFERENCES system_gpu_links (system_hardware_id, slot_index), 
	CONSTRAINT ck_run_hardware_metrics_attempt CHECK (attempt >= 0), 
	CONSTRAINT ck_run_hardware_metrics_slot_index CHECK (slot_index >= 0), 
	CONSTRAINT ck_run_hardware_metrics_wall_clock_seconds CHECK (wall_clock_seconds >= 0), 
	CONSTRAINT ck_run_hardware_metrics_seconds_to_first_token CHECK (seconds_to_first_token >= 0), 
	CONSTRAINT ck_run_hardware_metrics_tokens_per_second CHECK (tokens_per_second >= 0), 
	CONSTRAINT ck_run_hardware_metrics_prompt_tokens CHECK (prompt_tokens >= 0), 
	CONSTRAINT ck_run_hardware_metrics_completion_tokens CHECK (completion_tokens >= 0), 
	CONSTRAINT ck_run_hardware_metrics_cpu_seconds_user CHECK (cpu_seconds_user >= 0), 
	CONSTRAINT ck_run_hardware_metrics_cpu_seconds_sys CHECK (cpu_seconds_sys >= 0), 
	CONSTRAINT ck_run_hardware_metrics_gpu_event_seconds CHECK (gpu_event_seconds >= 0), 
	CONSTRAINT ck_run_hardware_metrics_gpu_weighted_seconds CHECK (gpu_weighted_seconds >= 0), 
	CONSTRAINT ck_run_hardware_metrics_tflops_utilization_pct CHECK (tflops_utilization_pct >= 0), 
	CONSTRAINT ck_run_hardware_metrics_energy_wh CHECK (energy_wh >= 0), 
	CONSTRAINT ck_run_hardware_metrics_energy_cpu_wh CHECK (energy_cpu_wh >= 0), 
	CONSTRAINT ck_run_hardware_metrics_energy_gpu_wh CHECK (energy_gpu_wh >= 0), 
	CONSTRAINT ck_run_hardware_metrics_energy_ram_wh CHECK (energy_ram_wh >= 0), 
	CONSTRAINT ck_run_hardware_metrics_emissions_kg CHECK (emissions_kg >= 0), 
	CONSTRAINT ck_run_hardware_metrics_peak_vram_mb CHECK (peak_vram_mb >= 0), 
	CONSTRAINT ck_run_hardware_metrics_gpu_sm_utilization_pct CHECK (gpu_sm_utilization_pct >= 0 AND gpu_sm_utilization_pct <= 100), 
	CONSTRAINT ck_run_hardware_metrics_power_limit_w CHECK (power_limit_w >= 0)
);

CREATE TABLE submission_events (
	submission_id CHAR(36) NOT NULL, 
	number BIGINT NOT NULL, 
	state TEXT NOT NULL, 
	decided_by TEXT NOT NULL, 
	decided_at TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	link TEXT, 
	CONSTRAINT pk_submission_events PRIMARY KEY (submission_id, number), 
	CONSTRAINT fk_submission_events_submission_id FOREIGN KEY(submission_id) REFERENCES submissions (submission_id), 
	CONSTRAINT ck_submission_events_number CHECK (number >= 1), 
	CONSTRAINT ck_submission_events_state CHECK (state IN ('received', 'accepted', 'incomplete', 'failed', 'disputed', 'superseded', 'revoked'))
);

CREATE INDEX ix_batch_units_batch_id ON batch_units (batch_id);

CREATE INDEX ix_batch_units_run_id ON batch_units (run_id);

CREATE INDEX ix_batches_state ON batches (state);

CREATE INDEX ix_creator_aliases_creator_id ON creator_aliases (creator_id);

CREATE INDEX ix_files_path ON files (path);

CREATE INDEX ix_files_source_file_id ON files (source_file_id);

CREATE INDEX ix_files_unit_id ON files (unit_id);

CREATE INDEX ix_gpu_hardware_name ON gpu_hardware (name);

CREATE INDEX ix_gpu_hardware_pci_device_id ON gpu_hardware (pci_device_id);

CREATE INDEX ix_model_aliases_model_id ON model_aliases (model_id);

CREATE INDEX ix_model_conflicts_model_id ON model_conflicts (model_id);

CREATE INDEX ix_model_conflicts_state ON model_conflicts (state);

CREATE INDEX ix_models_creator_id ON models (creator_id);

CREATE INDEX ix_models_model_name ON models (model_name);

CREATE INDEX ix_run_hardware_metrics_run_id ON run_hardware_metrics (run_id);

CREATE INDEX ix_run_hardware_metrics_unit_id ON run_hardware_metrics (unit_id);

CREATE INDEX ix_run_model_metrics_model_id ON run_model_metrics (model_id);

CREATE INDEX ix_run_model_metrics_task_id ON run_model_metrics (task_id);

CREATE INDEX ix_run_model_metrics_unit_id ON run_model_metrics (unit_id);

CREATE INDEX ix_submissions_run_id ON submissions (run_id);

CREATE INDEX ix_submissions_state ON submissions (state);

CREATE INDEX ix_system_gpu_links_gpu_hardware_id ON system_gpu_links (gpu_hardware_id);

CREATE INDEX ix_system_hardware_host_id ON system_hardware (host_id);

CREATE INDEX ix_task_aliases_task_id ON task_aliases (task_id);

CREATE INDEX ix_tasks_parent_id ON tasks (parent_id);

CREATE INDEX ix_tasks_task_name ON tasks (task_name);

