package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
)

// settle is how long the server is left alone before its memory is read: the runtime collects and returns memory meanwhile.
const settle = 5 * time.Second

// largest is the body of an authorization request of a stranger that is as large as the server accepts.
func largest() string {
	const limit = 16 << 10
	var claims strings.Builder
	claims.WriteString(`{"userinfo":{`)
	for i := range 99 {
		fmt.Fprintf(&claims, `"claim-%02d-%s":null,`, i, strings.Repeat("x", 22))
	}
	claims.WriteString(`"last":null}}`)
	form := url.Values{
		"client_id": {"app"}, "response_type": {"code"}, "redirect_uri": {redirect}, "scope": {"openid"}, "state": {strings.Repeat("s", 4096)},
		"nonce": {strings.Repeat("n", 4096)}, "claims": {claims.String()},
	}.Encode()
	return form + "&login_hint=" + strings.Repeat("h", limit-len(form)-len("&login_hint="))
}

// flood sends count of the largest anonymous authorization requests and prints memory and disk before and after.
func (b *bench) flood(ctx context.Context, storage string, count int) error {
	database := ""
	t, err := b.prepare("flood-"+storage, func(t *target, c *configv1alpha1.ServerConfig) error {
		err := b.embedded(storage, t, c)
		if storage == "postgresql" && err == nil {
			var text []byte
			text, err = os.ReadFile(filepath.Join(t.dir, "url"))
			database = string(text)
		}
		return err
	})
	if err != nil {
		return err
	}
	p, err := start(t.ready(ctx), filepath.Join(t.dir, "log"), b.binary, "--config", filepath.Join(t.dir, "config.yaml"))
	if err != nil {
		return err
	}
	defer p.stop()
	if _, err := t.register(ctx); err != nil {
		return err
	}
	body := largest()
	time.Sleep(settle)
	before, diskBefore := p.resident(), diskOf(ctx, t, database)
	began := time.Now()
	answered, err := post(ctx, "http://"+t.public+"/api/authorization", body, count, b.connections)
	if err != nil {
		return err
	}
	elapsed := time.Since(began)
	time.Sleep(settle)
	fmt.Printf("%s: %d requests of %d bytes in %.1f s, answers of %d bytes on average\n",
		storage, count, len(body), elapsed.Seconds(), answered/int64(count))
	fmt.Printf("  resident %.1f MiB before, %.1f MiB at most, %.1f MiB %s after\n", before, p.peak(), p.resident(), settle)
	if diskBefore > 0 {
		after := diskOf(ctx, t, database)
		fmt.Printf("  disk %d bytes before, %d bytes after, difference %d\n", diskBefore, after, after-diskBefore)
	}
	return nil
}

// post sends the same form over and over and returns the bytes of the answers.
func post(ctx context.Context, address, body string, count, connections int) (int64, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}, Timeout: 30 * time.Second}
	var next, answered atomic.Int64
	errs := make([]error, connections)
	var group sync.WaitGroup
	for i := range connections {
		group.Go(func() {
			for errs[i] == nil && int(next.Add(1)) <= count {
				var size int64
				size, errs[i] = postOnce(ctx, client, address, body)
				answered.Add(size)
			}
		})
	}
	group.Wait()
	return answered.Load(), errors.Join(errs...)
}

func postOnce(ctx context.Context, client *http.Client, address, body string) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	size, err := io.Copy(io.Discard, response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("the server answered %s", response.Status)
	}
	return size, err
}

// peak is the most memory that the process has held, in MiB.
func (p *process) peak() float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.Atoi(strings.Fields(value)[0])
			return float64(kib) / 1024
		}
	}
	return 0
}

// diskOf is what the storage takes on disk: the SQLite files, or the PostgreSQL database; 0 for memory.
func diskOf(ctx context.Context, t *target, database string) int64 {
	if database != "" {
		return databaseSize(ctx, database)
	}
	var size int64
	_ = filepath.WalkDir(t.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasPrefix(filepath.Base(path), "db") {
			return nil //nolint:nilerr // a file that went away meanwhile has no size
		}
		if info, err := entry.Info(); err == nil {
			size += info.Size()
		}
		return nil
	})
	return size
}

func databaseSize(ctx context.Context, address string) (size int64) {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return 0
	}
	defer func() { _ = conn.Close(ctx) }()
	_ = conn.QueryRow(ctx, "SELECT pg_database_size(current_database())").Scan(&size) // 0 says that it is not known
	return size
}
