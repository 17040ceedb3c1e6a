// Command vault is the secret store of the test plane: a real Vault 1.21 with its storage in memory.
//
//	VAULT_DEV_ROOT_TOKEN_ID=TOKEN vault --listen=127.0.0.1:PORT
//
// It behaves like `vault server -dev`: unsealed, one root token, a versioned KV store at secret/.
// Everything else (more mounts, sign-in methods, policies) is set over its API by who starts it, so
// that a `vault` or `bao` found on the PATH serves the same tests.
//
// Vault's own command line is not used: it pulls in every storage, cloud and plugin, 2,589 packages.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	log "github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/audit"
	"github.com/hashicorp/vault/helper/namespace"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address, loopback only")
	flag.Parse()
	followParent()
	if err := serve(*listen, os.Getenv("VAULT_DEV_ROOT_TOKEN_ID")); err != nil {
		fmt.Fprintln(os.Stderr, "vault:", err)
		os.Exit(1)
	}
}

func serve(address, token string) error {
	if token == "" {
		return errors.New("VAULT_DEV_ROOT_TOKEN_ID is not set")
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	logger := log.New(&log.LoggerOptions{Level: log.Warn, Output: os.Stderr})
	storage, err := inmem.NewInmem(nil, logger)
	if err != nil {
		return err
	}
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical:           storage,
		Logger:             logger,
		DisableMlock:       true,
		BuiltinRegistry:    registry{},
		LogicalBackends:    logicalBackends,
		CredentialBackends: credentialBackends,
		AuditBackends:      map[string]audit.Factory{},
		RedirectAddr:       "http://" + listener.Addr().String(),
		DefaultLeaseTTL:    time.Hour,
		MaxLeaseTTL:        24 * time.Hour,
	})
	if err != nil {
		return err
	}
	if err := prepare(core, token); err != nil {
		return err
	}
	server := &http.Server{
		Handler: vaulthttp.Handler.Handler(&vault.HandlerProperties{
			Core:           core,
			ListenerConfig: &configutil.Listener{Type: "tcp", Address: address, TLSDisable: true},
		}),
		ReadHeaderTimeout: 10 * time.Second,
	}
	fmt.Fprintln(os.Stderr, "vault: serving on", listener.Addr())
	return server.Serve(listener)
}

// prepare initialises and unseals core, puts the wanted token in place of its first one, and mounts
// the versioned store.
func prepare(core *vault.Core, token string) error {
	ctx := namespace.ContextWithNamespace(context.Background(), namespace.RootNamespace)
	first, err := core.Initialize(ctx, &vault.InitParams{
		BarrierConfig: &vault.SealConfig{Type: "shamir", SecretShares: 1, SecretThreshold: 1},
	})
	if err != nil {
		return err
	}
	if _, err := core.Unseal(first.SecretShares[0]); err != nil {
		return err
	}
	steps := []logical.Request{
		{ID: "root", Path: "auth/token/create", Data: map[string]interface{}{
			"id": token, "policies": []string{"root"}, "no_parent": true, "no_default_policy": true,
		}},
		{ID: "kv", Path: "sys/mounts/secret", Data: map[string]interface{}{
			"type": "kv", "options": map[string]string{"version": "2"},
		}},
		{ID: "first", Path: "auth/token/revoke-self"},
	}
	for i := range steps {
		steps[i].Operation = logical.UpdateOperation
		steps[i].ClientToken = first.RootToken
		answer, err := core.HandleRequest(ctx, &steps[i])
		if err != nil {
			return fmt.Errorf("%s: %w", steps[i].Path, err)
		}
		if answer.IsError() {
			return fmt.Errorf("%s: %w", steps[i].Path, answer.Error())
		}
	}
	return nil
}

// followParent ends this process when its standard input is closed: the plane holds the other end of
// that pipe, and the system closes it however the plane ends.
func followParent() {
	if os.Getenv("HOMELAB_PLANE_FOLLOW") != "stdin" {
		return
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
}
