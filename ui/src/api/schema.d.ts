// Made by `npm run generate` from the OpenAPI document; not to be edited.
export interface paths {
    "/v1/anomalies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of anomalies, newest first unless `sort` says otherwise. Lists leave out `baseline_data` and `window_data`. */
        get: operations["listAnomalies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/anomalies/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One anomaly with all its evidence. */
        get: operations["getAnomaly"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/anomalies/{id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What stands behind an anomaly, as a bundle that `bin/replay verify` checks elsewhere.
         * @description Excerpts of the compared records (redacted), the sufficient statistics of each channel, the score history, parameters, seed, configuration hash,
         *     core version, scores, and the history of status changes; in canonical JSON (RFC 8785), hashed with SHA-256, signed with Ed25519 where
         *     `evidence.signing_key_file` is set. An anomaly of a build that kept no statistics has a bundle without them, whose verdict cannot be recomputed.
         */
        get: operations["exportAnomaly"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/anomalies/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of anomalies for scripts and tables, one JSON object a line or CSV, with the filters and order of `/v1/anomalies`. */
        get: operations["exportAnomalies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/anomalies/{id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change an anomaly's status. Needs the role writer.
         * @description pending → acknowledged, investigating, dismissed; acknowledged → investigating, resolved, dismissed; investigating → resolved, dismissed;
         *     resolved, dismissed → pending. The change and its row in the audit log are one transaction.
         */
        patch: operations["setAnomalyStatus"];
        trace?: never;
    };
    "/v1/stream/anomalies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Each anomaly that is new or changes, as a server-sent event, as long as the client stays.
         * @description `event: hello` first, then `event: anomaly` with an Anomaly as lists have it, a comment every 15 s, and `event: end` with `{"reason"}` where the
         *     server ends the stream. Each has an `id`.
         */
        get: operations["followAnomalies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/streams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every service × signal as its newest window left it, by service. `limit` counts services, of which each has up to three streams. */
        get: operations["listStreams"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Counts by status, signal, kind, service and span of time; of the last 24 hours unless told otherwise. */
        get: operations["getStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Hand events to the pipeline of the receiver `driftlockevents`. Needs the role writer.
         * @description 200 means that the pipeline has what was accepted. Of a list, events that cannot be taken are named in `rejected` and the others are taken;
         *     where none can be taken, the answer is 400. At most 10,000 events in at most `max_request_body_size` bytes (1 MiB).
         */
        post: operations["postEvents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who changed what, newest first. */
        get: operations["listAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the whole log and say whether a row is missing or altered. Needs the role admin. */
        get: operations["checkAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All keys, also expired and revoked ones, oldest first. Needs the role admin. */
        get: operations["listKeys"];
        put?: never;
        /** Make a key. Its token is in this answer and nowhere else. Needs the role admin. */
        post: operations["createKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End a key's use for good; it stays in the list. Revoking twice changes nothing. Needs the role admin. */
        delete: operations["revokeKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How things stand, in one answer. It rests on what is stored and on nothing else. */
        get: operations["getOverview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/lanes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Scores of services over time, one row of buckets for each, the most severe service first.
         * @description Services with anomalous windows come first, then those with the highest score, then by name. The time asked for is widened to whole buckets, which
         *     begin at whole multiples of the step since 1970, as windows do; a window belongs to the bucket in which it ends, where an end on a border
         *     belongs to the bucket before it.
         */
        get: operations["getLanes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/windows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A service's window items, oldest first. They are kept as long as the exporter's `retention` of windows says. */
        get: operations["listWindows"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/levels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What would have been anomalous if the level had been another, counted on the stored windows.
         * @description A window counts where its p-value is at most the level. It is what the p-values say, no replay: what a single metric point or a gap in the pipeline
         *     states by itself does not depend on the level, and windows that would not have been learnt at another level are as they were.
         */
        get: operations["getLevel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/anomalies/{id}/similar": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Anomalies before this one that look alike, the most similar first.
         * @description Similarity is the weighted Jaccard index of the reasons: a reason is its signal, channel and item, and weighs the bits that it cost; the sum of the
         *     smaller weights over the sum of the larger ones. Of equals the same service comes first, then the newer one. Looked at are the newest 200 of the
         *     service and the newest 200 of all services.
         */
        get: operations["listSimilar"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process lives. */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The store can be reached and has this build's schema. */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The collector's configuration as it is in effect, without secrets, and the versions. Needs the role admin. */
        get: operations["getConfig"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document. */
        get: operations["getDocument"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/about": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What runs here, and who asks. */
        get: operations["getAbout"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The dashboard. Every page is the same document, which holds no data. */
        get: operations["getOverviewPage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/streams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The dashboard at its streams. */
        get: operations["getStreamsPage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The dashboard at its settings. */
        get: operations["getSettingsPage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/anomalies/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The dashboard at one anomaly. */
        get: operations["getAnomalyPage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/assets/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the dashboard is made of. What is behind a name with a hash never changes. */
        get: operations["getAsset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @example {
         *       "code": 404,
         *       "message": "Resource not found",
         *       "details": "read anomaly 1ba9dba3-7b1f-8c20-a3e4-c63f4c5d1f9f: no such anomaly"
         *     }
         */
        Error: {
            /** @description The HTTP status. */
            code: number;
            /** @description What sort of error it is; the same text for the same status. */
            message: string;
            /** @description What is wrong here and what would be right. */
            details: string;
        };
        Health: {
            /** @enum {string} */
            status: "ok" | "ready";
        };
        Name: string;
        /** Format: date-time */
        TimeOfQuery: string;
        Probability: number;
        /** @description Where the next page begins; empty where there is none. */
        NextCursor: string;
        /** @enum {string} */
        Signal: "logs" | "metrics" | "traces";
        /** @enum {string} */
        AnomalyStatus: "pending" | "acknowledged" | "investigating" | "resolved" | "dismissed";
        /** @description anomaly (a window that the past does not explain), silence, gap (most streams stopped together) or shift (a lasting change). */
        Kind: string;
        /** @enum {string} */
        Role: "reader" | "writer" | "admin";
        TraceIds: string[];
        AnomalyPage: {
            anomalies: components["schemas"]["Anomaly"][];
            next_cursor: components["schemas"]["NextCursor"];
        };
        /**
         * @description An episode of one service that its past does not explain. Score, p-value, explanation and evidence are of its worst window.
         * @example {
         *       "id": "1ba9dba3-7b1f-8c20-a3e4-c63f4c5d1f9f",
         *       "timestamp": "2026-03-01T12:01:00Z",
         *       "window_start": "2026-03-01T12:00:00Z",
         *       "service": "checkout",
         *       "stream_type": "logs",
         *       "signals": [
         *         "logs",
         *         "traces"
         *       ],
         *       "status": "pending",
         *       "kind": "anomaly",
         *       "score": 5.72,
         *       "p_value": 0.0000019,
         *       "p_floor": 0.01,
         *       "level": 0.001,
         *       "ncd_score": 0.41,
         *       "bits": 67.9,
         *       "glass_box_explanation": "checkout: ERROR log line never written before, 4 times: “unhandled exception: <*>”",
         *       "reasons": [],
         *       "channels": [],
         *       "compression_baseline": 8100,
         *       "compression_window": 2300,
         *       "compression_combined": 9900,
         *       "entropy_baseline": 4.5,
         *       "entropy_window": 4.9,
         *       "permutation_p": 0.001,
         *       "component_id": "driftlockcbad",
         *       "config_hash": "5d0c5a3e",
         *       "core_version": "0.1.0"
         *     }
         */
        Anomaly: {
            /** Format: uuid */
            id: string;
            /**
             * Format: date-time
             * @description The end of its first window.
             */
            timestamp: string;
            /** Format: date-time */
            window_start: string;
            service: string;
            stream_type: components["schemas"]["Signal"];
            /** @description All that took part. */
            signals: components["schemas"]["Signal"][] | null;
            status: components["schemas"]["AnomalyStatus"];
            kind: components["schemas"]["Kind"];
            episode?: components["schemas"]["Episode"];
            /**
             * Format: uuid
             * @description Shared by the episodes of services that belong together.
             */
            incident_id?: string;
            /** @description The incident's services, the likeliest cause first. */
            incident_services?: string[];
            /** @description The service that explains this one. */
            cause?: string;
            deploy?: components["schemas"]["Deploy"];
            /** @description −log10 of p_value. */
            score: number;
            /** @description Decides. */
            p_value: components["schemas"]["Probability"];
            /** @description What the history alone supports; a smaller p-value is extrapolated. */
            p_floor: components["schemas"]["Probability"];
            /** @description What the p-value had to reach. */
            level: components["schemas"]["Probability"];
            /** @description Normalised compression distance; evidence that decides nothing. */
            ncd_score: number;
            /** @description Cost above what is usual. */
            bits: number;
            /** @description The reasons in words. */
            glass_box_explanation: string;
            reasons: components["schemas"]["Reason"][] | null;
            channels: components["schemas"]["Channel"][] | null;
            requests?: components["schemas"]["OddRequest"][];
            trace_ids?: components["schemas"]["TraceIds"];
            /** @description C(B), bytes. */
            compression_baseline: number;
            /** @description C(W), bytes. */
            compression_window: number;
            /** @description C(B,W), bytes. */
            compression_combined: number;
            /** @description Bits per byte. */
            entropy_baseline: number;
            /** @description Bits per byte. */
            entropy_window: number;
            permutation_p: components["schemas"]["Probability"];
            /** @description What the strongest signal shows of the past; not in lists. */
            baseline_data?: components["schemas"]["Exhibit"];
            /** @description What the strongest signal shows of the window; not in lists. */
            window_data?: components["schemas"]["Exhibit"];
            /** @description What the verdict follows from, enough to compute it again; not in lists. */
            statistics?: unknown;
            /** @description Records were skipped under overload. */
            incomplete?: boolean;
            /** @description Fields that were shortened to keep the item small. */
            trimmed?: string[];
            resource?: {
                [key: string]: string;
            };
            /** @description The processor that said it. */
            component_id: string;
            config_hash: string;
            core_version: string;
            process_id?: string;
            /** Format: date-time */
            created_at?: string;
            /** Format: date-time */
            updated_at?: string;
        };
        /** @description What one signal shows of the past or of the window, for people; without secrets. Where an item would be too large, `also` is left out first, then `words`. Detectors of other versions may show more. */
        Exhibit: {
            signal?: components["schemas"]["Signal"];
            excerpts?: components["schemas"]["Excerpt"][];
            compression?: components["schemas"]["Compression"][];
            /** @description Past scores of the channel with the smallest p, newest last. */
            score_history?: number[];
            /** @description Random divisions of the records that permutation_p rests on. */
            permutations?: number;
            /** @description Of the past. */
            nulls?: components["schemas"]["NullDistribution"][];
            /** @description The costliest series around the window, the costliest first. */
            series?: components["schemas"]["SeriesAround"][];
            /** @description The window's calls, the costliest first, then the most frequent ones. */
            calls?: components["schemas"]["Call"][];
            /** @description What the other unusual signals show. */
            also?: components["schemas"]["Exhibit"][];
        } & {
            [key: string]: unknown;
        };
        /** @description A record of the sample. */
        Excerpt: {
            /** @description Nanoseconds since 1970. */
            time_ns: number;
            /** @description Empty where it has none. */
            trace_id?: string;
            text: string;
            /** @description What its words cost, given the sampled past: the length of a code for them in which every value is one word and so is every unknown word. */
            bits?: number;
            /** @description Of the window's bits, one record's part of what records of its kind cost. */
            share?: number;
            /** @description Its words: start and end in characters of the text, and what the word costs bits after the one before it. */
            words?: number[][];
        };
        /** @description Sizes in bytes of the sampled records, and the normalised compression distance that follows. */
        Compression: {
            ncd: number;
            baseline: number;
            window: number;
            combined: number;
            baseline_raw: number;
            window_raw: number;
            /** @description zstd or openzl. */
            codec: string;
        };
        /** @description What a channel's statistic was ranked among: a histogram of its past scores. */
        NullDistribution: {
            channel: string;
            /** @description The window's statistic. */
            observed: number;
            /** @description The least past score. */
            low: number;
            /** @description Of a bin; 0 where all past scores are equal. */
            width: number;
            counts: number[];
        };
        /** @description A series' newest points of the past, without odd windows, and those of the window, with what the past expects. */
        SeriesAround: {
            item: string;
            instance?: string;
            unit?: string;
            bits: number;
            /** Format: date-time */
            start: string;
            /** @description Seconds since start and value. */
            points: number[][];
            /** @description From this point on they are the window's. */
            window: number;
            /** @description From which second on, value, low and high; the band held 99 % of the past. */
            expected?: number[][];
            /** @description The band is of the level of the last points together. */
            drift?: boolean;
        };
        /** @description An operation of the service under the one that called it. Ids make a tree of them. */
        Call: {
            id: string;
            /** @description Another call's id, 0 for a root, 1 for a parent that was not seen, else an operation of another service. */
            parent_id: string;
            operation: string;
            parent: string;
            spans: number;
            /** @description Spans expected of so many calls of the parent; missing where the past says nothing. */
            expected?: number;
            errors: number;
            expected_errors?: number;
            /** @description Geometric mean, without the children's time. */
            duration_ns: number;
            expected_duration_ns?: number;
            /** @description What the edge costs; 0 where it is as usual. */
            bits: number;
            trace_ids?: components["schemas"]["TraceIds"];
        };
        /** @description What stands behind an anomaly. Integers that a double cannot hold are strings. */
        EvidenceBundle: {
            body: {
                /** @constant */
                schema: "driftlock.evidence/1";
                /** @description The core that judged. */
                core_version: string;
                verdict: components["schemas"]["EvidenceVerdict"];
                /** @description What the verdict follows from: of each channel its statistic, rank, tail and past; the windows before, level, parameters, seed. */
                statistics?: unknown;
                /** @description The rest of the Anomaly: explanation, reasons, requests, episode, resource. */
                statement: unknown;
                /** @description Excerpts of the past, redacted, and the score history. */
                baseline?: unknown;
                /** @description Excerpts of the window, redacted, and the compressed sizes. */
                window?: unknown;
                status: {
                    now: components["schemas"]["AnomalyStatus"];
                    /** Format: date-time */
                    changed?: string;
                    /** @description Status changes, oldest first. */
                    history: components["schemas"]["AuditEntry"][];
                    /** @description There are older ones. */
                    shortened?: boolean;
                };
            };
            /** @description SHA-256 of the body's canonical form (RFC 8785), and of each of its members. */
            digest: {
                sha256: string;
                parts: {
                    [key: string]: string;
                };
            };
            /** @description Of the body's canonical form; missing where there is no key. */
            signature?: {
                /** @constant */
                algorithm: "Ed25519";
                /** @description Of the public key's SHA-256 the first digits. */
                key_id: string;
                public_key: string;
                value: string;
            };
        };
        /** @description The verdict on the anomaly's worst window, which `bin/replay verify` makes again from the statistics. */
        EvidenceVerdict: {
            /** Format: uuid */
            statement_id: string;
            component_id: string;
            config_hash: string;
            service: string;
            /** Format: date-time */
            window_start: string;
            /** Format: date-time */
            window_end: string;
            kind: components["schemas"]["Kind"];
            stream_type: components["schemas"]["Signal"];
            signals: components["schemas"]["Signal"][] | null;
            channels: components["schemas"]["Channel"][] | null;
            p_value: components["schemas"]["Probability"];
            score: number;
            p_floor: components["schemas"]["Probability"];
            level: components["schemas"]["Probability"];
            bits: number;
            stated: boolean;
        };
        Episode: {
            /**
             * Format: uuid
             * @description The id of its first statement.
             */
            id: string;
            /**
             * Format: date-time
             * @description The start of its first anomalous window.
             */
            started: string;
            /**
             * Format: date-time
             * @description The end of its newest anomalous window.
             */
            last: string;
            /** @description Anomalous windows so far. */
            windows: number;
            /** @description Statements so far. */
            revision: number;
            /** @description The smallest p-value of its windows. */
            peak_p: components["schemas"]["Probability"];
            /**
             * Format: date-time
             * @description The start of the window that had it.
             */
            peak: string;
            /**
             * Format: date-time
             * @description The service has been normal since.
             */
            ended?: string;
        };
        /** @description A change of the service's version that lies near. */
        Deploy: {
            from: string;
            to: string;
            /**
             * Format: date-time
             * @description The first record of the new version.
             */
            at: string;
        };
        /** @description One thing that cost bits, in the data's own words. */
        Reason: {
            signal: components["schemas"]["Signal"];
            channel: string;
            bits: number;
            /** @description What, observed against expected, in one phrase. */
            text: string;
            /** @description A log template, an operation or a metric series. */
            item: string;
            /** @description The template before, the parent operation, the caller or the instance. */
            context?: string;
            observed: number;
            expected: number;
            /** @description What is usual, low and high. */
            band?: number[];
            unit?: string;
            severity?: string;
            trace_ids?: components["schemas"]["TraceIds"];
            sample?: string;
        };
        /** @description One detector channel's part of a verdict. */
        Channel: {
            signal: components["schemas"]["Signal"];
            name: string;
            statistic: number;
            p_value: components["schemas"]["Probability"];
            p_floor: components["schemas"]["Probability"];
        };
        /** @description One odd request of the window. */
        OddRequest: {
            trace_id: string;
            /** Format: date-time */
            start: string;
            /** Format: date-time */
            end: string;
            score: number;
            p_value: components["schemas"]["Probability"];
        };
        /** @description One event of the stream. */
        LiveEvent: {
            /** @description What Last-Event-ID takes. */
            id?: string;
            /** @enum {string} */
            event?: "hello" | "anomaly" | "end";
            /** @description JSON: of anomaly an Anomaly as lists have it, of end the reason. */
            data: string;
            /** @description Milliseconds after which a client that lost the connection comes back. */
            retry?: number;
        };
        StatusChange: {
            status: components["schemas"]["AnomalyStatus"];
            /** @description Why; kept in the audit log. */
            note?: string;
        };
        StreamPage: {
            streams: components["schemas"]["Stream"][];
            next_cursor: components["schemas"]["NextCursor"];
        };
        /** @description One service × signal as its newest window left it. */
        Stream: {
            service: string;
            component_id: string;
            /**
             * Format: date-time
             * @description The window's end.
             */
            timestamp: string;
            /** Format: date-time */
            window_start: string;
            /** @description Of the service in that window, all signals together; −log10 of its p-value. */
            score: number;
            level: components["schemas"]["Probability"];
            anomaly: boolean;
            signal: components["schemas"]["Signal"];
            /** @enum {string} */
            state: "new" | "warming" | "ready";
            /** @description Windows learnt. */
            seen: number;
            /** @description Windows until it is ready. */
            needed: number;
            records: number;
            /** @description Over a cap, late, skipped under overload, unusable. */
            unscored?: number;
            p_value: components["schemas"]["Probability"];
            p_floor: components["schemas"]["Probability"];
            bits: number;
            /** @description The window was not learnt. */
            quarantined?: boolean;
            /** @description A lasting change became the new normal. */
            adopted?: boolean;
            memory_bytes: number;
        };
        Counts: {
            [key: string]: number;
        };
        Stats: {
            /** Format: date-time */
            start_time: string;
            /** Format: date-time */
            end_time: string;
            /** @description How long a bucket is, as 30m0s. */
            step: string;
            total: number;
            by_status: components["schemas"]["Counts"];
            by_stream_type: components["schemas"]["Counts"];
            by_kind: components["schemas"]["Counts"];
            /** @description Those with most anomalies first. */
            services: components["schemas"]["ServiceStats"][];
            /** @description Those that have any, oldest first. */
            buckets: components["schemas"]["Bucket"][];
        };
        ServiceStats: {
            service: string;
            count: number;
            max_score: number;
            /**
             * Format: date-time
             * @description The newest anomaly's timestamp.
             */
            last: string;
        };
        Bucket: {
            /** Format: date-time */
            start: string;
            count: number;
            max_score: number;
        };
        /**
         * @description One number that somebody observed.
         * @example {
         *       "timestamp": "2026-03-01T12:00:00Z",
         *       "value": 12.5,
         *       "metadata": {
         *         "service": "shop",
         *         "name": "orders"
         *       }
         *     }
         */
        Event: {
            /** @description RFC 3339, or seconds since 1970; from 1971 to 2261. The time of receipt where it is missing. */
            timestamp?: string | number | null;
            value: number;
            /** @description Which of them become attributes of the series is the receiver's configuration. */
            metadata?: {
                [key: string]: string | number | boolean;
            } | null;
        };
        EventsResult: {
            accepted: number;
            rejected: components["schemas"]["RejectedEvent"][];
        };
        RejectedEvent: {
            /** @description Its place in the list, from 0 on. */
            index: number;
            error: string;
        };
        AuditPage: {
            entries: components["schemas"]["AuditEntry"][];
            next_cursor: components["schemas"]["NextCursor"];
        };
        AuditEntry: {
            /** @description 1, 2, 3, … without a gap. */
            seq: number;
            /** Format: date-time */
            at: string;
            actor: string;
            role: string;
            address: string;
            action: string;
            target: string;
            note: string;
            /** @description What of the target changed, as it was; null where there was nothing. */
            before: unknown;
            /** @description The same as it is now. */
            after: unknown;
            /** @description The hash of the row before; of the first row empty. */
            previous: string;
            /** @description SHA-256 of this row with an empty hash. */
            hash: string;
        };
        AuditCheck: {
            rows: number;
            intact: boolean;
            /** @description The first row that is missing or altered; empty where none is. */
            problem: string;
        };
        Config: {
            /** @description What the distribution is called. */
            name: string;
            version: string;
            /** @description Of the OpenTelemetry Collector; empty where it was not built as a module. */
            collector_version: string;
            /** @description Of the Rust core. */
            core_version: string;
            go_version: string;
            /** @description SHA-256 of `config`, secrets left out. */
            config_hash: string;
            /**
             * @description By section, component and key. `[REDACTED]` stands where a text is not shown: at keys that speak of secrets, at keys of which it is not known that
             *     they hold none, in texts that look like credentials, and behind the path of a URL.
             */
            config: {
                [key: string]: unknown;
            };
        };
        KeyList: {
            keys: components["schemas"]["Key"][];
        };
        Key: {
            id: string;
            name: string;
            role: components["schemas"]["Role"];
            /** Format: date-time */
            created_at: string;
            created_by: string;
            /** Format: date-time */
            expires_at: string | null;
            /**
             * Format: date-time
             * @description To the minute.
             */
            last_used_at: string | null;
            /** Format: date-time */
            revoked_at: string | null;
        };
        /** @description A key with its token, which is shown this once. */
        NewKey: {
            id: string;
            name: string;
            role: components["schemas"]["Role"];
            /** Format: date-time */
            created_at: string;
            created_by: string;
            /** Format: date-time */
            expires_at: string | null;
            /**
             * Format: date-time
             * @description To the minute.
             */
            last_used_at: string | null;
            /** Format: date-time */
            revoked_at: string | null;
            token: string;
        };
        KeyRequest: {
            name: string;
            role: components["schemas"]["Role"];
            /**
             * Format: date-time
             * @description In the future; a key without it does not expire.
             */
            expires_at?: string | null;
        };
        About: {
            version: string;
            /** @description Of the Rust core. */
            core_version: string;
            /** @description Of the OpenTelemetry Collector; empty where it was not built as a module. */
            collector_version: string;
            /** @description The name of the key or the subject of the token; `anybody` where nobody has to say. */
            actor: string;
            role: components["schemas"]["Role"];
            /** @description Nobody has to say who they are. */
            open: boolean;
            /** @description Where a trace is shown, with {trace_id} for its id; empty where it is not configured. */
            trace_url: string;
        };
        Overview: {
            /**
             * @description A store that is away is a 503.
             * @enum {string}
             */
            store: "ready";
            services: number;
            /** @description How many there are of each state, as `/v1/streams` lists them. */
            streams: {
                new: number;
                warming: number;
                ready: number;
            };
            /** @description The current stream that is furthest from ready; null where all are. */
            warmup: components["schemas"]["Warmup"] | null;
            /** @description Of all current streams in their newest windows. Current is what has a window no older than five of its own lengths before the newest of all. */
            records_per_second: number;
            /**
             * Format: date-time
             * @description The end of the newest window; null where there is none.
             */
            newest_window: string | null;
            /** @description From its end to now; with telemetry that is late, or recorded, it is large. */
            lag_seconds: number | null;
            /** @description Records of the current streams' newest windows that were not scored: over a cap, late, skipped under overload, unusable. */
            unscored: number;
            budgets: components["schemas"]["Budget"][];
            anomalies: {
                pending: number;
                investigating: number;
                /** @description Those that began in the last 24 hours. */
                last_24h: number;
            };
        };
        Warmup: {
            service: string;
            signal: components["schemas"]["Signal"];
            /** @description Windows learnt. */
            seen: number;
            /** @description Windows until it is ready. */
            needed: number;
        };
        /** @description False alarms of one processor, as its newest window says. */
        Budget: {
            component_id: string;
            /** @description 0 where the level is fixed. */
            per_day: number;
            /** @description Episodes begun in the last 24 hours of event time. */
            spent: number;
            level: components["schemas"]["Probability"];
        };
        Lanes: {
            /**
             * Format: date-time
             * @description Where the first bucket begins.
             */
            start_time: string;
            /**
             * Format: date-time
             * @description Where the last one ends.
             */
            end_time: string;
            step_seconds: number;
            buckets: number;
            services: components["schemas"]["Lane"][];
            /** @description There are services that are less severe. */
            more: boolean;
        };
        Lane: {
            service: string;
            max_score: number;
            /** @description Anomalous windows in all. */
            anomalies: number;
            /** @description The highest score of each bucket, to three decimals; null where no window ended. */
            scores: (number | null)[];
            /** @description Anomalous windows of each bucket. */
            anomalous: number[];
        };
        WindowPage: {
            windows: components["schemas"]["Window"][];
            next_cursor: components["schemas"]["NextCursor"];
        };
        /** @description One window of a service, judged. */
        Window: {
            /**
             * Format: date-time
             * @description Its end.
             */
            timestamp: string;
            /** Format: date-time */
            window_start: string;
            service: string;
            /** @description All signals together; −log10 of its p-value. */
            score: number;
            p_value: components["schemas"]["Probability"];
            /** @description What the p-value had to reach. */
            level: components["schemas"]["Probability"];
            anomaly: boolean;
            /** @description Missing where the level is fixed. */
            budget_per_day?: number;
            budget_spent?: number;
            component_id: string;
            process_id?: string;
            streams: components["schemas"]["WindowStream"][] | null;
        };
        /** @description One signal's part of a window. */
        WindowStream: {
            signal: components["schemas"]["Signal"];
            /** @enum {string} */
            state: "new" | "warming" | "ready";
            /** @description Windows learnt. */
            seen: number;
            /** @description Windows until it is ready. */
            needed: number;
            records: number;
            /** @description Over a cap, late, skipped under overload, unusable. */
            unscored?: number;
            p_value: components["schemas"]["Probability"];
            p_floor: components["schemas"]["Probability"];
            bits: number;
            /** @description The window was not learnt. */
            quarantined?: boolean;
            /** @description A lasting change became the new normal. */
            adopted?: boolean;
            memory_bytes: number;
        };
        Levels: {
            level: number;
            /** Format: date-time */
            start_time: string;
            /** Format: date-time */
            end_time: string;
            /** @description From start_time to end_time. */
            days: number;
            /** @description Windows of all services. Several processes that watch one service count once a window. */
            windows: number;
            anomalous_windows: number;
            /** @description Runs of consecutive anomalous windows of a service. */
            episodes: number;
            /** @description Those with most anomalous windows first. */
            services: components["schemas"]["LevelOfService"][];
            /** @description There are services with fewer. */
            more: boolean;
        };
        LevelOfService: {
            service: string;
            windows: number;
            anomalous_windows: number;
            episodes: number;
        };
        SimilarList: {
            similar: components["schemas"]["Similar"][];
        };
        Similar: {
            similarity: number;
            /** @description The items (log templates, operations, series) that cost both their bits, the costliest first. */
            shared: string[];
            anomaly: components["schemas"]["Anomaly"];
        };
    };
    responses: {
        /** @description A parameter, a header or the body is not what this document asks for; `details` names it and says what is. */
        BadRequest: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description No credentials, or none that are valid. */
        Unauthorized: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "WWW-Authenticate": components["headers"]["Challenge"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The role does not allow this, or a page of another site asks. */
        Forbidden: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description There is no such thing. */
        NotFound: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The status cannot change so; `details` names those that can follow. */
        Conflict: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The anomaly changed since it was read. */
        PreconditionFailed: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The body did not come within `read_timeout` (30 s). */
        TooSlow: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The body is larger than `max_request_body_size` (1 MiB). */
        TooLarge: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The body is of another type than those listed. */
        UnsupportedMediaType: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The API serves this machine only and was called by another name. */
        Misdirected: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Too many requests of this address or key, or too many failed logins. */
        TooManyRequests: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                "RateLimit-Reset": components["headers"]["RateLimitReset"];
                /** @description Seconds until another try makes sense. */
                "Retry-After": number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description A fault of ours; the collector's log says more under the request's id. */
        InternalError: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The store, the pipeline or a place in the live stream is not to be had right now. */
        Unavailable: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The store needed more than `query_timeout` (10 s). */
        Timeout: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: {
        AnomalyId: string;
        /** @description The strongest signal of the anomaly. */
        StreamType: components["schemas"]["Signal"];
        /** @description The service's exact name. */
        Service: components["schemas"]["Name"];
        Status: components["schemas"]["AnomalyStatus"];
        /** @description anomaly, silence, gap or shift; newer detectors may know others. */
        Kind: components["schemas"]["Name"];
        IncidentId: string;
        /** @description The compression distance is at least this. */
        MinNcdScore: number;
        /**
         * @description The p-value is at most this.
         * @example 0.0001
         */
        MaxPValue: number;
        /**
         * @description From this time on (RFC 3339; `+` is written `%2B` in a URL).
         * @example 2026-03-01T12:00:00Z
         */
        StartTime: components["schemas"]["TimeOfQuery"];
        /**
         * @description Before this time, which must not lie before `start_time`.
         * @example 2026-03-02T12:00:00Z
         */
        EndTime: components["schemas"]["TimeOfQuery"];
        /** @description A text in the service's name, the explanation or the reasons, as it stands there; ASCII letters match in either case. */
        Text: string;
        /** @description `next_cursor` of the page before, with the same filters and order; empty for the first page. */
        Cursor: string;
        /**
         * @description Before this time, which must lie after `start_time`; now where it is not given.
         * @example 2026-03-01T18:00:00Z
         */
        UntilTime: components["schemas"]["TimeOfQuery"];
        /** @description How many services at most. */
        LimitOfServices: number;
        /** @description How many at most. */
        Limit: number;
    };
    requestBodies: never;
    headers: {
        /** @description The client's own, where it sent one of 1 to 64 letters, digits, dots, hyphens and underscores; the collector's log has it. */
        RequestId: string;
        /** @description Changes whenever the anomaly does. */
        ETag: string;
        /** @description The name of the file. */
        ContentDisposition: string;
        /** @description SHA-256 of the answer (RFC 9530). */
        ReprDigest: string;
        /** @description The path of what was made. */
        Location: string;
        /** @description Seconds until another try makes sense. */
        RetryAfter: number;
        /** @description Requests that this client may make at once. */
        RateLimitLimit: number;
        /** @description Requests that it may make right now. */
        RateLimitRemaining: number;
        /** @description Seconds until all of them are there again. */
        RateLimitReset: number;
        /** @description How to say who one is. */
        Challenge: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listAnomalies: {
        parameters: {
            query?: {
                /** @description The strongest signal of the anomaly. */
                stream_type?: components["parameters"]["StreamType"];
                /** @description The service's exact name. */
                service?: components["parameters"]["Service"];
                status?: components["parameters"]["Status"];
                /** @description anomaly, silence, gap or shift; newer detectors may know others. */
                kind?: components["parameters"]["Kind"];
                incident_id?: components["parameters"]["IncidentId"];
                /** @description The compression distance is at least this. */
                min_ncd_score?: components["parameters"]["MinNcdScore"];
                /**
                 * @description The p-value is at most this.
                 * @example 0.0001
                 */
                max_p_value?: components["parameters"]["MaxPValue"];
                /**
                 * @description From this time on (RFC 3339; `+` is written `%2B` in a URL).
                 * @example 2026-03-01T12:00:00Z
                 */
                start_time?: components["parameters"]["StartTime"];
                /**
                 * @description Before this time, which must not lie before `start_time`.
                 * @example 2026-03-02T12:00:00Z
                 */
                end_time?: components["parameters"]["EndTime"];
                /** @description A text in the service's name, the explanation or the reasons, as it stands there; ASCII letters match in either case. */
                q?: components["parameters"]["Text"];
                /** @description The order; a minus in front is descending. Ties are broken by id. */
                sort?: "timestamp" | "-timestamp" | "score" | "-score" | "p_value" | "-p_value" | "ncd_score" | "-ncd_score";
                /** @description `next_cursor` of the page before, with the same filters and order; empty for the first page. */
                cursor?: components["parameters"]["Cursor"];
                /** @description How many at most. */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. An empty `next_cursor` ends the list. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnomalyPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    getAnomaly: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["AnomalyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The anomaly; its ETag is what `If-Match` of a status change takes. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Anomaly"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    exportAnomaly: {
        parameters: {
            query?: {
                format?: "json";
            };
            header?: never;
            path: {
                id: components["parameters"]["AnomalyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bundle. The ETag is the digest of its body. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    ETag: components["headers"]["ETag"];
                    "Content-Disposition": components["headers"]["ContentDisposition"];
                    "Repr-Digest": components["headers"]["ReprDigest"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvidenceBundle"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    exportAnomalies: {
        parameters: {
            query?: {
                /** @description ndjson: an Anomaly a line, as lists have it. csv: RFC 4180 with a header; a text that a spreadsheet would take for a formula begins with '. */
                format?: "ndjson" | "csv";
                /** @description The strongest signal of the anomaly. */
                stream_type?: components["parameters"]["StreamType"];
                /** @description The service's exact name. */
                service?: components["parameters"]["Service"];
                status?: components["parameters"]["Status"];
                /** @description anomaly, silence, gap or shift; newer detectors may know others. */
                kind?: components["parameters"]["Kind"];
                incident_id?: components["parameters"]["IncidentId"];
                /** @description The compression distance is at least this. */
                min_ncd_score?: components["parameters"]["MinNcdScore"];
                /**
                 * @description The p-value is at most this.
                 * @example 0.0001
                 */
                max_p_value?: components["parameters"]["MaxPValue"];
                /**
                 * @description From this time on (RFC 3339; `+` is written `%2B` in a URL).
                 * @example 2026-03-01T12:00:00Z
                 */
                start_time?: components["parameters"]["StartTime"];
                /**
                 * @description Before this time, which must not lie before `start_time`.
                 * @example 2026-03-02T12:00:00Z
                 */
                end_time?: components["parameters"]["EndTime"];
                /** @description A text in the service's name, the explanation or the reasons, as it stands there; ASCII letters match in either case. */
                q?: components["parameters"]["Text"];
                /** @description As of `/v1/anomalies`. */
                sort?: "timestamp" | "-timestamp" | "score" | "-score" | "p_value" | "-p_value" | "ncd_score" | "-ncd_score";
                /** @description `next_cursor` of the page before, with the same filters and order; empty for the first page. */
                cursor?: components["parameters"]["Cursor"];
                /** @description How many at most. */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    "Content-Disposition": components["headers"]["ContentDisposition"];
                    "Repr-Digest": components["headers"]["ReprDigest"];
                    /** @description The `cursor` of the next page; missing on the last. */
                    "X-Next-Cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /** @example {"id":"1ba9dba3-7b1f-8c20-a3e4-c63f4c5d1f9f"} */
                    "application/x-ndjson": string;
                    /**
                     * @example id,timestamp
                     *     1ba9dba3-7b1f-8c20-a3e4-c63f4c5d1f9f,2026-03-01T12:01:00Z
                     */
                    "text/csv": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    setAnomalyStatus: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The ETag of the anomaly as it was read; where it changed since, the answer is 412 and nothing changes. `*` is any.
                 * @example "2026-03-01T12:00:00.123456Z"
                 */
                "If-Match"?: string | "*" | unknown;
            };
            path: {
                id: components["parameters"]["AnomalyId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "status": "investigating",
                 *       "note": "looks like the deploy of 12:00"
                 *     }
                 */
                "application/json": components["schemas"]["StatusChange"];
            };
        };
        responses: {
            /** @description The anomaly; its ETag is what `If-Match` of a status change takes. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Anomaly"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["TooSlow"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    followAnomalies: {
        parameters: {
            query?: {
                /** @description The strongest signal of the anomaly. */
                stream_type?: components["parameters"]["StreamType"];
                /** @description The service's exact name. */
                service?: components["parameters"]["Service"];
                status?: components["parameters"]["Status"];
                /** @description anomaly, silence, gap or shift; newer detectors may know others. */
                kind?: components["parameters"]["Kind"];
                incident_id?: components["parameters"]["IncidentId"];
                /** @description The compression distance is at least this. */
                min_ncd_score?: components["parameters"]["MinNcdScore"];
                /**
                 * @description The p-value is at most this.
                 * @example 0.0001
                 */
                max_p_value?: components["parameters"]["MaxPValue"];
                /**
                 * @description From this time on (RFC 3339; `+` is written `%2B` in a URL).
                 * @example 2026-03-01T12:00:00Z
                 */
                start_time?: components["parameters"]["StartTime"];
                /**
                 * @description Before this time, which must not lie before `start_time`.
                 * @example 2026-03-02T12:00:00Z
                 */
                end_time?: components["parameters"]["EndTime"];
                /** @description A text in the service's name, the explanation or the reasons, as it stands there; ASCII letters match in either case. */
                q?: components["parameters"]["Text"];
            };
            header?: {
                /** @description The id of the last event received, to go on behind it; nothing is missed and nothing comes twice. */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["LiveEvent"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    listStreams: {
        parameters: {
            query?: {
                /** @description The service's exact name. */
                service?: components["parameters"]["Service"];
                /** @description `next_cursor` of the page before, with the same filters and order; empty for the first page. */
                cursor?: components["parameters"]["Cursor"];
                /** @description How many at most. */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. An empty `next_cursor` ends the list. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    getStats: {
        parameters: {
            query?: {
                /**
                 * @description From this time on (RFC 3339; `+` is written `%2B` in a URL).
                 * @example 2026-03-01T12:00:00Z
                 */
                start_time?: components["parameters"]["StartTime"];
                /**
                 * @description Before this time, which must not lie before `start_time`.
                 * @example 2026-03-02T12:00:00Z
                 */
                end_time?: components["parameters"]["EndTime"];
                /**
                 * @description How long a bucket is; by default a 48th of the time. Where it would make more than 1000 buckets, it is made longer.
                 * @example 30m
                 */
                step?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The counts. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stats"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    postEvents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "timestamp": "2026-03-01T12:00:00Z",
                 *       "value": 12.5,
                 *       "metadata": {
                 *         "service": "shop",
                 *         "name": "orders"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["Event"] | components["schemas"]["Event"][];
                "application/x-ndjson": components["schemas"]["Event"][];
                "application/jsonl": components["schemas"]["Event"][];
            };
        };
        responses: {
            /** @description The pipeline has the accepted ones. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventsResult"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TooSlow"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            421: components["responses"]["Misdirected"];
            /** @description The pipeline refuses these events for good. */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    listAudit: {
        parameters: {
            query?: {
                /** @description The id of an anomaly or a key. */
                target?: components["schemas"]["Name"];
                /** @description The name of a key or the subject of a token; `system` for what happens by itself. */
                actor?: components["schemas"]["Name"];
                /** @description Such as anomaly.status, anomaly.retention, key.create, key.revoke. */
                action?: components["schemas"]["Name"];
                /**
                 * @description From this time on (RFC 3339; `+` is written `%2B` in a URL).
                 * @example 2026-03-01T12:00:00Z
                 */
                start_time?: components["parameters"]["StartTime"];
                /**
                 * @description Before this time, which must not lie before `start_time`.
                 * @example 2026-03-02T12:00:00Z
                 */
                end_time?: components["parameters"]["EndTime"];
                /** @description `next_cursor` of the page before; empty for the first page. */
                cursor?: string;
                /** @description How many at most. */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. An empty `next_cursor` ends the list. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    checkAudit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was found. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditCheck"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    listKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The keys, without their secrets, which are not stored. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    createKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "ci",
                 *       "role": "writer",
                 *       "expires_at": "2226-01-01T00:00:00Z"
                 *     }
                 */
                "application/json": components["schemas"]["KeyRequest"];
            };
        };
        responses: {
            /** @description The key and its token. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TooSlow"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    revokeKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example 0123456789abcdef */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key as it is now. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    getOverview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The state of the streams, the newest windows, the budgets and the open anomalies. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    getLanes: {
        parameters: {
            query?: {
                /**
                 * @description From this time on; six hours before `end_time` where it is not given.
                 * @example 2026-03-01T12:00:00Z
                 */
                start_time?: components["schemas"]["TimeOfQuery"];
                /**
                 * @description Before this time, which must lie after `start_time`; now where it is not given.
                 * @example 2026-03-01T18:00:00Z
                 */
                end_time?: components["parameters"]["UntilTime"];
                /**
                 * @description How long a bucket is; by default a 120th of the time, in whole lengths of the newest window. At least one window, at most 90 days, and longer where
                 *     there would be more than 500 buckets.
                 * @example 5m
                 */
                step?: string;
                /** @description The service's exact name. */
                service?: components["parameters"]["Service"];
                /** @description How many services at most. */
                limit?: components["parameters"]["LimitOfServices"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rows. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Lanes"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    listWindows: {
        parameters: {
            query: {
                /**
                 * @description The service's exact name.
                 * @example cart
                 */
                service: components["schemas"]["Name"];
                /**
                 * @description Windows that end at this time or later; without it from the first on.
                 * @example 2026-03-01T12:00:00Z
                 */
                start_time?: components["schemas"]["TimeOfQuery"];
                /**
                 * @description Windows that end before this time, which must not lie before `start_time`.
                 * @example 2026-03-02T12:00:00Z
                 */
                end_time?: components["schemas"]["TimeOfQuery"];
                /** @description `next_cursor` of the page before, with the same filters and order; empty for the first page. */
                cursor?: components["parameters"]["Cursor"];
                /** @description How many at most. */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. An empty `next_cursor` ends the list. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WindowPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    getLevel: {
        parameters: {
            query: {
                /**
                 * @description The p-value that a window has to reach.
                 * @example 0.0001
                 */
                level: number;
                /**
                 * @description From this time on; a day before `end_time` where it is not given.
                 * @example 2026-03-01T12:00:00Z
                 */
                start_time?: components["schemas"]["TimeOfQuery"];
                /**
                 * @description Before this time, which must lie after `start_time`; now where it is not given.
                 * @example 2026-03-01T18:00:00Z
                 */
                end_time?: components["parameters"]["UntilTime"];
                /** @description How many services at most. */
                limit?: components["parameters"]["LimitOfServices"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The counts, of all services together and of those with most anomalous windows. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Levels"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    listSimilar: {
        parameters: {
            query?: {
                /** @description How many at most. */
                limit?: number;
            };
            header?: never;
            path: {
                id: components["parameters"]["AnomalyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Those that share a reason. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SimilarList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Yes. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            400: components["responses"]["BadRequest"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Yes. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            400: components["responses"]["BadRequest"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    getConfig: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the collector runs with, defaults included. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Config"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    getDocument: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            400: components["responses"]["BadRequest"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
        };
    };
    getAbout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Versions, and the name and role that the credentials have. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["About"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["Timeout"];
        };
    };
    getOverviewPage: {
        parameters: {
            query?: {
                /** @description What the page shows: the page reads it, any parameter is allowed. */
                view?: {
                    [key: string]: unknown;
                };
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description HTML. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    /** @description Changes with the file and its encoding. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The client has it already. */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    /** @description Changes with the file and its encoding. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
        };
    };
    getStreamsPage: {
        parameters: {
            query?: {
                /** @description What the page shows: the page reads it, any parameter is allowed. */
                view?: {
                    [key: string]: unknown;
                };
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description HTML. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    /** @description Changes with the file and its encoding. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The client has it already. */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    /** @description Changes with the file and its encoding. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
        };
    };
    getSettingsPage: {
        parameters: {
            query?: {
                /** @description What the page shows: the page reads it, any parameter is allowed. */
                view?: {
                    [key: string]: unknown;
                };
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description HTML. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    /** @description Changes with the file and its encoding. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The client has it already. */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    /** @description Changes with the file and its encoding. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
        };
    };
    getAnomalyPage: {
        parameters: {
            query?: {
                /** @description What the page shows: the page reads it, any parameter is allowed. */
                view?: {
                    [key: string]: unknown;
                };
            };
            header?: never;
            path: {
                id: components["parameters"]["AnomalyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description HTML. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    /** @description Changes with the file and its encoding. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The client has it already. */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    /** @description Changes with the file and its encoding. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            /** @description The id is none, and HTML is what was asked for, as browsers do: the dashboard, which says so. Without that it is a 400. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    /** @description Changes with the file and its encoding. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
        };
    };
    getAsset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    /** @description Changes with the file and its encoding. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/css": string;
                    "text/javascript": string;
                    "image/svg+xml": string;
                    "image/png": string;
                    "font/woff2": string;
                    "text/plain": string;
                };
            };
            /** @description The client has it already. */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                    "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                    "RateLimit-Reset": components["headers"]["RateLimitReset"];
                    /** @description Changes with the file and its encoding. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
        };
    };
}
