package effective

import "strings"

// shown are the keys whose texts are shown: where something listens, lies or goes, which way it works, and ids of components.
var shown = set(`
	endpoint endpoints address addresses host transport dialer_type localaddr local_address
	path paths directory dir root_path include exclude file cert_file key_file ca_file client_ca_file password_file token_file filename
	storage extensions receivers processors exporters connectors pipelines authenticator default_pipelines
	level levels encoding format compression compression_algorithms type kind action mode statement on_overload match_type start_at
	protocol protocols protocol_version client_id group_id group_rebalance_strategy topic initial_offset auto_commit brokers
	min_version max_version cipher_suites curve_preferences server_name server_name_override include_system_ca_certs_pool
	balancer_name queue_size sizer unit units network_mode traces_url_path metrics_url_path logs_url_path traces_endpoint metrics_endpoint logs_endpoint
	allowed_origins allowed_methods issuer_url trace_url audience attribute scheme claim reader writer admin trusted_proxies
	service_attributes service service_name name p level_p components scrapers fs_types devices interfaces mount_points filesystems
	output_paths error_output_paths readers propagators temporality_preference default_histogram_aggregation sampling
	on_error on_truncate multiline line_start_pattern line_end_pattern order ordering_criteria sort_by timezone location directory_permissions shared_segments
`)

// own are places in this project's components whose texts are names of attributes, metrics and metadata keys, though elsewhere such keys
// hold what is not shown. What stands further down than these is not shown for that.
var own = set(`
	processors/driftlockcbad/logs/attributes
	receivers/driftlockevents/api receivers/driftlockevents/metric receivers/driftlockevents/metric_key receivers/driftlockevents/service_key
	receivers/driftlockevents/attributes
`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
