package keeper

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// DefaultQueueSize is how many bytes wait for a store that is away, for each signal. A window item takes about 1.3 KB, and there is one for
// each service and minute: of a hundred services this is eight hours.
const DefaultQueueSize = 64 << 20

// leastQueueSize is less than any queue in bytes that was meant as such.
const leastQueueSize = 1 << 20

// NewDefaultQueueConfig is a queue limited in bytes, since one request holds between one and hundreds of items, and batches of items.
func NewDefaultQueueConfig(consumers int) configoptional.Optional[exporterhelper.QueueBatchConfig] {
	queue := exporterhelper.NewDefaultQueueConfig()
	queue.Sizer = exporterhelper.RequestSizerTypeBytes
	queue.QueueSize = DefaultQueueSize
	queue.NumConsumers = consumers
	batch := queue.Batch.GetOrInsertDefault()
	batch.Sizer = exporterhelper.RequestSizerTypeItems
	batch.FlushTimeout = 200 * time.Millisecond
	batch.MinSize = 256
	return configoptional.Some(queue)
}

// NewDefaultRetryConfig tries again for as long as it takes: what bounds an outage is the queue's size.
func NewDefaultRetryConfig() configretry.BackOffConfig {
	retry := configretry.NewDefaultBackOffConfig()
	retry.MaxElapsedTime = 0
	return retry
}

// CheckQueue finds a size that was meant as requests, which is what other exporters count.
func CheckQueue(queue configoptional.Optional[exporterhelper.QueueBatchConfig]) error {
	if q := queue.Get(); q != nil && q.Sizer == exporterhelper.RequestSizerTypeBytes && q.QueueSize < leastQueueSize {
		return fmt.Errorf("sending_queue.queue_size must be at least %d bytes (got %d); to count requests or items, set sending_queue.sizer", leastQueueSize, q.QueueSize)
	}
	return nil
}
