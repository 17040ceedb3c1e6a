// Command eso is the External Secrets controller of the test plane: its own reconcilers of
// ExternalSecret, SecretStore and ClusterSecretStore, with Vault as the only provider.
//
//	KUBECONFIG=FILE eso
//
// The command of the project itself pulls in the clients of every cloud.
package main

import (
	"fmt"
	"io"
	"os"
	"time"

	esv1 "github.com/external-secrets/external-secrets/apis/externalsecrets/v1"
	esv1alpha1 "github.com/external-secrets/external-secrets/apis/externalsecrets/v1alpha1"
	genv1alpha1 "github.com/external-secrets/external-secrets/apis/generators/v1alpha1"
	"github.com/external-secrets/external-secrets/pkg/controllers/externalsecret"
	"github.com/external-secrets/external-secrets/pkg/controllers/externalsecret/esmetrics"
	ctrlmetrics "github.com/external-secrets/external-secrets/pkg/controllers/metrics"
	"github.com/external-secrets/external-secrets/pkg/controllers/secretstore"
	"github.com/external-secrets/external-secrets/pkg/controllers/secretstore/cssmetrics"
	"github.com/external-secrets/external-secrets/pkg/controllers/secretstore/ssmetrics"
	_ "github.com/external-secrets/external-secrets/pkg/provider/vault" // registers itself
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

func main() {
	followParent()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "eso:", err)
		os.Exit(1)
	}
}

func run() error {
	ctrl.SetLogger(zap.New())
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, esv1.AddToScheme, esv1alpha1.AddToScheme, genv1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme,
		// No port: nobody asks for metrics here, and two planes run at once.
		Metrics:                server.Options{BindAddress: "0"},
		HealthProbeBindAddress: "0",
		// As in the project's own default: secrets are read when they are needed, not kept.
		Client: client.Options{Cache: &client.CacheOptions{
			DisableFor: []client.Object{&corev1.Secret{}, &corev1.ConfigMap{}},
		}},
	})
	if err != nil {
		return err
	}
	ctrlmetrics.SetUpLabelNames(false)
	esmetrics.SetUpMetrics()
	ssmetrics.SetUpMetrics()
	cssmetrics.SetUpMetrics()
	log := ctrl.Log.WithName("controllers")
	if err := (&secretstore.StoreReconciler{
		Client: manager.GetClient(), Log: log.WithName("SecretStore"), Scheme: scheme,
		ControllerClass: "default", RequeueInterval: 5 * time.Minute,
	}).SetupWithManager(manager, controller.Options{}); err != nil {
		return err
	}
	if err := (&secretstore.ClusterStoreReconciler{
		Client: manager.GetClient(), Log: log.WithName("ClusterSecretStore"), Scheme: scheme,
		ControllerClass: "default", RequeueInterval: 5 * time.Minute,
	}).SetupWithManager(manager, controller.Options{}); err != nil {
		return err
	}
	if err := (&externalsecret.Reconciler{
		Client: manager.GetClient(), SecretClient: manager.GetClient(), Log: log.WithName("ExternalSecret"),
		Scheme: scheme, RestConfig: manager.GetConfig(), ControllerClass: "default",
		RequeueInterval: time.Hour, ClusterSecretStoreEnabled: true, EnableFloodGate: true,
	}).SetupWithManager(manager, controller.Options{}); err != nil {
		return err
	}
	return manager.Start(ctrl.SetupSignalHandler())
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
