// Package gateway tests two collectors: an agent passes on the telemetry in which anomalies were found, a gateway stores them and serves them.
// It does not detect: the anomalies are made by hand, so that what happens to them on the way is all that is tested.
package gateway

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/collector/pdata/testdata"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/batchprocessor"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/driftlock/driftlock/connector/driftlockanomalies"
	"github.com/driftlock/driftlock/exporter/driftlocksqlite"
	"github.com/driftlock/driftlock/extension/driftlockapi"
	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

const agentConfig = `
receivers:
  otlp: {protocols: {grpc: {endpoint: "%[1]s"}}}
processors:
  batch: {timeout: 50ms}
connectors:
  driftlockanomalies: {windows: true}
exporters:
  otlp_grpc:
    endpoint: "%[2]s"
    tls: {insecure: true}
    retry_on_failure: {initial_interval: 50ms, max_interval: 100ms}
service:
  telemetry: {metrics: {level: none}, logs: {level: error}}
  pipelines:
    logs: {receivers: [otlp], processors: [batch], exporters: [otlp_grpc]}
    metrics: {receivers: [otlp], processors: [batch], exporters: [otlp_grpc]}
    traces: {receivers: [otlp], processors: [batch], exporters: [otlp_grpc, driftlockanomalies]}
    logs/anomalies: {receivers: [driftlockanomalies], exporters: [otlp_grpc]}
`

const gatewayConfig = `
receivers:
  otlp: {protocols: {grpc: {endpoint: "%[1]s"}}}
exporters:
  driftlocksqlite: {path: "%[2]s", accept_remote: %[3]t}
extensions:
  driftlockapi: {endpoint: "%[4]s", store: {path: "%[2]s"}}
service:
  telemetry: {metrics: {level: none}, logs: {level: error}}
  extensions: [driftlockapi]
  pipelines:
    logs: {receivers: [otlp], exporters: [driftlocksqlite]}
    metrics: {receivers: [otlp], exporters: [driftlocksqlite]}
    traces: {receivers: [otlp], exporters: [driftlocksqlite]}
`

func factories() (f otelcol.Factories, err error) {
	f.Telemetry = otelconftelemetry.NewFactory()
	if f.Receivers, err = otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory()); err != nil {
		return f, err
	}
	if f.Processors, err = otelcol.MakeFactoryMap[processor.Factory](batchprocessor.NewFactory()); err != nil {
		return f, err
	}
	if f.Exporters, err = otelcol.MakeFactoryMap[exporter.Factory](otlpexporter.NewFactory(), driftlocksqlite.NewFactory()); err != nil {
		return f, err
	}
	if f.Connectors, err = otelcol.MakeFactoryMap[connector.Factory](driftlockanomalies.NewFactory()); err != nil {
		return f, err
	}
	f.Extensions, err = otelcol.MakeFactoryMap[extension.Factory](driftlockapi.NewFactory())
	return f, err
}

// TestMain also plays a collector: with a configuration in its environment the test binary is one, and says its process id first.
// (Two collectors in one process would race for gRPC's global logger, which each service sets.)
func TestMain(m *testing.M) {
	config := os.Getenv("GATEWAY_TEST_COLLECTOR")
	if config == "" {
		os.Exit(m.Run())
	}
	fmt.Println(anomaly.ProcessID())
	col, err := otelcol.NewCollector(otelcol.CollectorSettings{
		Factories: factories,
		BuildInfo: component.BuildInfo{Command: "driftlock", Version: "test"},
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			URIs: []string{"yaml:" + config}, ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory()},
		}},
	})
	if err == nil {
		// The collector listens a moment before it minds signals; one that comes in between must not kill it.
		terminate := make(chan os.Signal, 1)
		signal.Notify(terminate, syscall.SIGTERM)
		go func() {
			<-terminate
			col.Shutdown()
		}()
		err = col.Run(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// collector runs a process until stop is called or the test ends. It returns when the collector listens at ready.
func collector(t *testing.T, config, ready string) (processID string, stop func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "GATEWAY_TEST_COLLECTOR="+config)
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	stop = sync.OnceFunc(func() {
		assert.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		assert.NoError(t, cmd.Wait(), "%s", &errors)
	})
	t.Cleanup(stop)
	processID, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", ready)
		if err != nil {
			return false
		}
		return assert.NoError(t, conn.Close())
	}, 20*time.Second, 10*time.Millisecond)
	return strings.TrimSpace(processID), stop
}

// address reserves a free port for a moment.
func address(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// items are what an agent elsewhere found: process ids are not this process's.
func items(from, to int) (it anomaly.Items) {
	for i := from; i < to; i++ {
		a := storetest.Anomaly(i)
		a.ProcessID = "an agent"
		it.Anomalies = append(it.Anomalies, a)
		it.Windows = append(it.Windows, storetest.Window(fmt.Sprint("service-", i), "driftlockcbad", "an agent", i))
	}
	return it
}

// send sends items among ordinary telemetry: the first third as logs, then as metrics, then as spans.
func send(t *testing.T, agent string) []string {
	t.Helper()
	conn, err := grpc.NewClient(agent, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer conn.Close()
	var ids []string
	for _, a := range items(0, 9).Anomalies {
		ids = append(ids, a.ID)
	}

	ld, err := items(0, 3).ToLogs()
	require.NoError(t, err)
	testdata.GenerateLogs(100).ResourceLogs().MoveAndAppendTo(ld.ResourceLogs())
	_, err = plogotlp.NewGRPCClient(conn).Export(t.Context(), plogotlp.NewExportRequestFromLogs(ld))
	require.NoError(t, err)

	md, err := items(3, 6).ToMetrics()
	require.NoError(t, err)
	testdata.GenerateMetrics(100).ResourceMetrics().MoveAndAppendTo(md.ResourceMetrics())
	_, err = pmetricotlp.NewGRPCClient(conn).Export(t.Context(), pmetricotlp.NewExportRequestFromMetrics(md))
	require.NoError(t, err)

	td, err := items(6, 9).ToTraces()
	require.NoError(t, err)
	testdata.GenerateTraces(100).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	_, err = ptraceotlp.NewGRPCClient(conn).Export(t.Context(), ptraceotlp.NewExportRequestFromTraces(td))
	require.NoError(t, err)
	return ids
}

func read[T any](t require.TestingT, target string) (out T) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	resp, err := client.Get(target)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s", b)
	require.NoError(t, json.Unmarshal(b, &out))
	return out
}

type page struct {
	Anomalies []*anomaly.Anomaly
	Streams   []struct{ Service string }
}

func TestAgentFindsGatewayStores(t *testing.T) {
	agent, gateway, api := address(t), address(t), address(t)
	path := filepath.Join(t.TempDir(), "driftlock.db")
	_, stopAgent := collector(t, fmt.Sprintf(agentConfig, agent, gateway), agent)
	ids := send(t, agent) // the gateway is not there yet: the agent's queue must keep them

	_, stopGateway := collector(t, fmt.Sprintf(gatewayConfig, gateway, path, true, api), api)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.Len(c, read[page](c, "http://"+api+"/v1/anomalies").Anomalies, len(ids))
		assert.Len(c, read[page](c, "http://"+api+"/v1/streams").Streams, len(ids))
	}, 20*time.Second, 50*time.Millisecond)

	for i, id := range ids {
		got := read[*anomaly.Anomaly](t, "http://"+api+"/v1/anomalies/"+id)
		got.CreatedAt, got.UpdatedAt = nil, nil
		require.Equal(t, items(i, i+1).Anomalies[0], got, "as it was found, two hops away")
	}

	// Delivered a second time (the spans' anomalies came twice before, through the connector too): nothing changes.
	send(t, agent)
	stopAgent() // flushes
	require.Len(t, read[page](t, "http://"+api+"/v1/anomalies?"+url.Values{"sort": {"score"}}.Encode()).Anomalies, len(ids))
	stopGateway()

	// What was stored outlives the gateway's process.
	_, stopGateway = collector(t, fmt.Sprintf(gatewayConfig, gateway, path, true, api), api)
	require.Len(t, read[page](t, "http://"+api+"/v1/anomalies").Anomalies, len(ids))
	stopGateway()
}

func TestGatewayRefusesUnlessTold(t *testing.T) {
	gateway, api := address(t), address(t)
	path := filepath.Join(t.TempDir(), "driftlock.db")
	processID, _ := collector(t, fmt.Sprintf(gatewayConfig, gateway, path, false, api), gateway)
	send(t, gateway)

	own := storetest.Anomaly(100)
	own.ProcessID = processID
	conn, err := grpc.NewClient(gateway, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer conn.Close()
	ld, err := own.ToLogs()
	require.NoError(t, err)
	_, err = plogotlp.NewGRPCClient(conn).Export(t.Context(), plogotlp.NewExportRequestFromLogs(ld))
	require.NoError(t, err)

	require.EventuallyWithT(t, func(c *assert.CollectT) {
		list := read[page](c, "http://"+api+"/v1/anomalies").Anomalies
		if assert.Len(c, list, 1, "the process's own") {
			assert.Equal(c, own.ID, list[0].ID)
		}
	}, 10*time.Second, 20*time.Millisecond)
	require.Empty(t, read[page](t, "http://"+api+"/v1/streams").Streams)
}
