package sqlite

import _ "embed"

// Statements. Values are always parameters; what a list adds to them comes from the constants in list.go.
var (
	//go:embed queries/insert_anomaly.sql
	insertAnomaly string
	//go:embed queries/select_revision.sql
	selectRevision string
	//go:embed queries/update_content.sql
	updateContent string
	//go:embed queries/update_course.sql
	updateCourse string
	//go:embed queries/insert_window.sql
	insertWindow string
	//go:embed queries/upsert_latest.sql
	upsertLatest string
	//go:embed queries/select_anomalies.sql
	selectAnomalies string
	//go:embed queries/select_summaries.sql
	selectSummaries string
	//go:embed queries/select_windows.sql
	selectWindows string
	//go:embed queries/select_latest.sql
	selectLatest string
	//go:embed queries/select_latest_of_service.sql
	selectLatestOfService string
	//go:embed queries/prune_anomalies.sql
	pruneAnomalies string
	//go:embed queries/prune_windows.sql
	pruneWindows string
	//go:embed queries/prune_latest.sql
	pruneLatest string
)
