package driftlockcbad

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/driftlock/driftlock/internal/snapshot"
)

// openStorage opens the component's client of the storage extension with that id. A wrong configuration and a storage that does
// not open are told apart: only the first is refused.
func openStorage(ctx context.Context, host component.Host, storageID, id component.ID) (c *storageClient, refused, broken error) {
	ext, ok := host.GetExtensions()[storageID]
	if !ok {
		return nil, fmt.Errorf("state.storage names the extension %s, which is not there: configure it under extensions and list it in service::extensions", storageID), nil
	}
	s, ok := ext.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("state.storage names the extension %s, which is not a storage: file_storage is one", storageID), nil
	}
	c = &storageClient{}
	broken = safely(func() (err error) {
		c.client, err = s.GetClient(ctx, component.KindProcessor, id, "")
		return err
	})
	if broken != nil {
		return nil, nil, fmt.Errorf("open the storage %s: %w", storageID, broken)
	}
	return c, nil, nil
}

// storageClient gives snapshots the client of an extension.
type storageClient struct{ client storage.Client }

var (
	_ snapshot.Storage = (*storageClient)(nil)
	_ snapshot.Lister  = (*storageClient)(nil)
)

func (c *storageClient) Get(ctx context.Context, key string) (value []byte, err error) {
	err = safely(func() (err error) {
		value, err = c.client.Get(ctx, key)
		return err
	})
	return value, err
}

func (c *storageClient) Write(ctx context.Context, changes []snapshot.Change) error {
	ops := make([]*storage.Operation, len(changes))
	for i, change := range changes {
		if change.Value == nil {
			ops[i] = storage.DeleteOperation(change.Key)
		} else {
			ops[i] = storage.SetOperation(change.Key, change.Value)
		}
	}
	return safely(func() error { return c.client.Batch(ctx, ops...) })
}

// Keys lists the keys, or none where the client cannot.
func (c *storageClient) Keys(ctx context.Context) (keys []string, err error) {
	walker, ok := c.client.(storage.Walker)
	if !ok {
		return nil, nil
	}
	err = safely(func() error {
		return walker.Walk(ctx, func(key string, _ []byte) ([]*storage.Operation, error) {
			keys = append(keys, strings.Clone(key))
			return nil, nil
		})
	})
	return keys, err
}

func (c *storageClient) Close(ctx context.Context) error {
	return safely(func() error { return c.client.Close(ctx) })
}

// safely turns a panic into an error: file_storage's database panics on a damaged file, which must not stop the collector.
func safely(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.Join(err, fmt.Errorf("the storage panicked: %v", r))
		}
	}()
	return do()
}
