package main

import (
	"slices"

	kubernetes "github.com/hashicorp/vault-plugin-auth-kubernetes"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/credential/userpass"
	"github.com/hashicorp/vault/builtin/logical/database"
	"github.com/hashicorp/vault/builtin/plugin"
	"github.com/hashicorp/vault/plugins/database/postgresql"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// What the core itself can mount; "plugin" is the way to everything in the registry below.
var (
	logicalBackends = map[string]logical.Factory{
		"plugin":   plugin.Factory,
		"database": database.Factory,
	}
	credentialBackends = map[string]logical.Factory{"plugin": plugin.Factory}
)

// builtin is every plugin that a test of ours mounts. A mount of a type that is not here is refused by
// Vault as an unknown plugin.
var builtin = map[consts.PluginType]map[string]func() (interface{}, error){
	consts.PluginTypeSecrets: {
		"kv": mounted(kv.Factory),
	},
	consts.PluginTypeCredential: {
		"approle":    mounted(approle.Factory),
		"kubernetes": mounted(kubernetes.Factory),
		"userpass":   mounted(userpass.Factory),
	},
	consts.PluginTypeDatabase: {
		"postgresql-database-plugin": postgresql.New,
	},
}

func mounted(factory logical.Factory) func() (interface{}, error) {
	return func() (interface{}, error) { return factory, nil }
}

// registry answers Vault's questions about its built-in plugins. Without one, a mount panics.
type registry struct{}

func (registry) Contains(name string, kind consts.PluginType) bool {
	_, found := builtin[kind][name]
	return found
}

func (registry) Get(name string, kind consts.PluginType) (func() (interface{}, error), bool) {
	factory, found := builtin[kind][name]
	return factory, found
}

func (registry) Keys(kind consts.PluginType) []string {
	names := make([]string, 0, len(builtin[kind]))
	for name := range builtin[kind] {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (r registry) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	if r.Contains(name, kind) {
		return consts.Supported, true
	}
	return consts.Unknown, false
}

func (registry) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }
