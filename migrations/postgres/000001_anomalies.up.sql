-- One row per episode: one fault of one service, however many windows it lasts and however often it was stated. Why so:
-- Its id is that of the episode's first statement, timestamp and window_start are those of its first window, so that what lists are
-- ordered by does not move while somebody pages through them.
-- Scores and evidence are of the worst window (worst_revision, worst_start say which); how the episode stands is of its newest
-- revision. Both are maxima, so that statements may come twice and in any order.
-- What lists filter or sort by is a column of its own; what is only ever read whole (reasons, excerpts) is JSONB.
CREATE TABLE anomalies (
    id                    uuid             NOT NULL PRIMARY KEY,
    status                text             NOT NULL DEFAULT 'pending'
                                           CHECK (status IN ('pending', 'acknowledged', 'investigating', 'resolved', 'dismissed')),
    worst_revision        bigint           NOT NULL,
    worst_start           timestamptz      NOT NULL,
    stream_type           text             NOT NULL CHECK (stream_type IN ('logs', 'metrics', 'traces')),
    kind                  text             NOT NULL,
    score                 double precision NOT NULL,
    p_value               double precision NOT NULL,
    p_floor               double precision NOT NULL,
    level                 double precision NOT NULL,
    ncd_score             double precision NOT NULL,
    bits                  double precision NOT NULL,
    glass_box_explanation text             NOT NULL,
    compression_baseline  bigint           NOT NULL,
    compression_window    bigint           NOT NULL,
    compression_combined  bigint           NOT NULL,
    entropy_baseline      double precision NOT NULL,
    entropy_window        double precision NOT NULL,
    permutation_p         double precision NOT NULL,
    signals               jsonb            NOT NULL,
    reasons               jsonb            NOT NULL,
    channels              jsonb            NOT NULL,
    requests              jsonb            NOT NULL,
    trace_ids             jsonb            NOT NULL,
    baseline_data         jsonb,
    window_data           jsonb,
    trimmed               jsonb            NOT NULL,
    incomplete            boolean          NOT NULL,
    resource              jsonb            NOT NULL,
    timestamp             timestamptz      NOT NULL,
    window_start          timestamptz      NOT NULL,
    service               text COLLATE "C" NOT NULL,
    revision              bigint           NOT NULL,
    has_episode           boolean          NOT NULL, -- false: stated by a build that knew no episodes
    last                  timestamptz      NOT NULL, -- end of the newest anomalous window
    windows               bigint           NOT NULL,
    ended                 timestamptz,
    incident_id           uuid,
    incident_services     jsonb            NOT NULL,
    cause                 text             NOT NULL,
    deploy                jsonb,
    component_id          text             NOT NULL,
    config_hash           text             NOT NULL,
    core_version          text             NOT NULL,
    process_id            text             NOT NULL,
    created_at            timestamptz      NOT NULL,
    updated_at            timestamptz      NOT NULL
);

-- Each sort order ends in id, which makes it total: a page can begin exactly where the last one ended.
CREATE INDEX anomalies_by_time     ON anomalies (timestamp, id);
CREATE INDEX anomalies_by_score    ON anomalies (score, id);
CREATE INDEX anomalies_by_p_value  ON anomalies (p_value, id);
CREATE INDEX anomalies_by_ncd      ON anomalies (ncd_score, id);

-- The filters people combine with "newest first".
CREATE INDEX anomalies_by_service  ON anomalies (service, timestamp, id);
CREATE INDEX anomalies_by_status   ON anomalies (status, timestamp, id);
CREATE INDEX anomalies_by_stream   ON anomalies (stream_type, timestamp, id);
CREATE INDEX anomalies_by_kind     ON anomalies (kind, timestamp, id);
CREATE INDEX anomalies_by_incident ON anomalies (incident_id, timestamp, id) WHERE incident_id IS NOT NULL;

-- What retention goes by.
CREATE INDEX anomalies_by_age      ON anomalies (created_at);

-- One row per judged window of a service: what score charts are made of.
-- The key has the process in it: agents on several hosts may run the same component over parts of the same service.
CREATE TABLE windows (
    component_id   text COLLATE "C" NOT NULL,
    process_id     text COLLATE "C" NOT NULL,
    service        text COLLATE "C" NOT NULL,
    timestamp      timestamptz      NOT NULL,
    window_start   timestamptz      NOT NULL,
    score          double precision NOT NULL,
    p_value        double precision NOT NULL,
    level          double precision NOT NULL,
    anomaly        boolean          NOT NULL,
    budget_per_day double precision NOT NULL,
    budget_spent   double precision NOT NULL,
    streams        jsonb            NOT NULL,
    created_at     timestamptz      NOT NULL,
    PRIMARY KEY (service, timestamp, component_id, process_id)
);

CREATE INDEX windows_by_age ON windows (created_at);

-- The newest window of each service, kept as windows arrive: to find it among a week of windows would read them all.
CREATE TABLE latest_windows (LIKE windows INCLUDING DEFAULTS, PRIMARY KEY (service, component_id));
