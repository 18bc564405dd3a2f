// An operator as kubebuilder makes them, unmodified controller-runtime under its own envtest: custom resource with
// status and finalizer, cache, owned objects, both webhooks, events, and leader election between two managers. Prints one
// line of JSON with what it saw.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/go-logr/logr"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

const (
	namespace = "operator"
	patience  = 30 * time.Second
)

type report struct {
	Defaulted     string   `json:"defaulted"`
	Written       string   `json:"written"`
	Repaired      bool     `json:"repaired"`
	Rewritten     string   `json:"rewritten"`
	Refused       string   `json:"refused"`
	TooLong       string   `json:"tooLong"`
	Observed      bool     `json:"observed"`
	Leaders       []string `json:"leaders"`
	Event         string   `json:"event"`
	HeldDeletion  bool     `json:"heldDeletion"`
	Cleaned       bool     `json:"cleaned"`
	Collected     bool     `json:"collected"`
	Uninstalled   bool     `json:"uninstalled"`
	StaleConflict bool     `json:"staleConflict"`
}

func main() {
	flag.Parse()
	// A flag of controller-runtime's. Absent: envtest starts a control plane of its own from KUBEBUILDER_ASSETS.
	kubeconfig := flag.Lookup("kubeconfig").Value.String()
	log.SetLogger(logr.Discard())
	ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
	defer cancel()
	scheme := runtime.NewScheme()
	check(clientgoscheme.AddToScheme(scheme))
	check(apiextensionsv1.AddToScheme(scheme))
	check(addToScheme(scheme))

	environment := &envtest.Environment{
		Scheme:                scheme,
		CRDInstallOptions:     envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{definition()}, CleanUpAfterUse: true},
		WebhookInstallOptions: webhooks(),
	}
	if kubeconfig != "" {
		environment.UseExistingCluster = new(true)
	}
	config, err := environment.Start()
	check(err)
	direct, err := client.New(config, client.Options{Scheme: scheme})
	check(err)
	check(direct.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}))

	first := startManager(ctx, config, scheme, "first", &environment.WebhookInstallOptions)
	<-first.elected
	second := startManager(ctx, config, scheme, "second", nil)
	out := exercise(ctx, direct, kubeconfig != "")
	out.Leaders = append(out.Leaders, holder(ctx, direct))
	first.stop()
	<-second.elected
	out.Leaders = append(out.Leaders, holder(ctx, direct))
	second.stop()
	check(environment.Stop())
	out.Uninstalled = eventually(ctx, func() bool {
		return apierrors.IsNotFound(direct.Get(ctx, client.ObjectKeyFromObject(definition()), definition()))
	})
	check(json.NewEncoder(os.Stdout).Encode(out))
}

// exercise does what users of the operator do. `whole`: the cluster has controllers, a garbage collector among them.
func exercise(ctx context.Context, direct client.Client, whole bool) (out report) {
	greeting := &Greeting{ObjectMeta: metav1.ObjectMeta{Name: "one", Namespace: namespace}}
	key := client.ObjectKeyFromObject(greeting)
	// The webhook server may be a moment behind the leader.
	check(wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		err := direct.Create(ctx, greeting)
		return err == nil, ignoreInternal(err)
	}))
	out.Defaulted = greeting.Spec.Text
	stale := greeting.DeepCopyObject().(*Greeting)
	ready := func() bool {
		current := &Greeting{}
		check(direct.Get(ctx, key, current))
		return meta.IsStatusConditionTrue(current.Status.Conditions, "Ready") && current.Status.ObservedGeneration == current.Generation
	}
	out.Observed = eventually(ctx, ready)
	owned := &corev1.ConfigMap{}
	check(direct.Get(ctx, key, owned))
	out.Written = owned.Data["text"]
	stale.Spec.Text = "from the past"
	out.StaleConflict = apierrors.IsConflict(direct.Update(ctx, stale))

	check(direct.Delete(ctx, owned))
	out.Repaired = eventually(ctx, func() bool {
		again := &corev1.ConfigMap{}
		return direct.Get(ctx, key, again) == nil && again.UID != owned.UID
	})
	check(direct.Get(ctx, key, greeting))
	before := greeting.DeepCopyObject().(*Greeting)
	greeting.Spec.Text = "good day"
	check(direct.Patch(ctx, greeting, client.MergeFrom(before)))
	eventually(ctx, func() bool {
		check(direct.Get(ctx, key, owned))
		out.Rewritten = owned.Data["text"]
		return out.Rewritten == greeting.Spec.Text
	})
	out.Refused = message(direct.Create(ctx, &Greeting{ObjectMeta: metav1.ObjectMeta{Name: "rude", Namespace: namespace}, Spec: GreetingSpec{Text: "go away"}}))
	long := "a greeting that is much longer than anybody would want to read"
	out.TooLong = message(direct.Create(ctx, &Greeting{ObjectMeta: metav1.ObjectMeta{Name: "long", Namespace: namespace}, Spec: GreetingSpec{Text: long}}))
	eventually(ctx, func() bool {
		list := &eventsv1.EventList{}
		check(direct.List(ctx, list, client.InNamespace(namespace)))
		for _, event := range list.Items {
			if event.Reason == "Greeted" {
				out.Event = event.Note
			}
		}
		return out.Event != ""
	})

	// Held by a finalizer of ours as well, so that the moment between can be seen.
	check(direct.Get(ctx, key, greeting))
	before = greeting.DeepCopyObject().(*Greeting)
	greeting.Finalizers = append(greeting.Finalizers, "clients.coracle.dev/held")
	check(direct.Patch(ctx, greeting, client.MergeFrom(before)))
	check(direct.Delete(ctx, greeting))
	trace := client.ObjectKey{Namespace: namespace, Name: "one-trace"}
	out.Cleaned = eventually(ctx, func() bool { return apierrors.IsNotFound(direct.Get(ctx, trace, owned)) })
	out.HeldDeletion = eventually(ctx, func() bool {
		check(direct.Get(ctx, key, greeting))
		return len(greeting.Finalizers) == 1 && !greeting.DeletionTimestamp.IsZero()
	})
	before = greeting.DeepCopyObject().(*Greeting)
	greeting.Finalizers = nil
	check(direct.Patch(ctx, greeting, client.MergeFrom(before)))
	gone := func() bool { return apierrors.IsNotFound(direct.Get(ctx, key, owned)) }
	out.Collected = !whole || eventually(ctx, gone)
	return out
}

type runningManager struct {
	elected <-chan struct{}
	stop    func()
}

func startManager(ctx context.Context, config *rest.Config, scheme *runtime.Scheme, identity string, hooks *envtest.WebhookInstallOptions) runningManager {
	options := ctrl.Options{
		Scheme:                        scheme,
		Metrics:                       server.Options{BindAddress: "0"},
		HealthProbeBindAddress:        "0",
		LeaderElection:                true,
		LeaderElectionID:              "greetings.clients.coracle.dev",
		LeaderElectionNamespace:       namespace,
		LeaderElectionReleaseOnCancel: true,
		RetryPeriod:                   new(200 * time.Millisecond),
	}
	if hooks != nil {
		options.WebhookServer = webhook.NewServer(webhook.Options{Host: hooks.LocalServingHost, Port: hooks.LocalServingPort, CertDir: hooks.LocalServingCertDir})
	}
	manager, err := ctrl.NewManager(config, options)
	check(err)
	check((&reconciler{Client: manager.GetClient(), identity: identity}).setUp(manager))
	if hooks != nil {
		check(ctrl.NewWebhookManagedBy(manager, &Greeting{}).WithDefaulter(defaulter{}).WithValidator(validator{}).Complete())
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- manager.Start(ctx) }()
	return runningManager{elected: manager.Elected(), stop: func() { cancel(); check(<-done) }}
}

// webhooks are the registrations that envtest points at the manager's own server.
func webhooks() envtest.WebhookInstallOptions {
	rules := []admissionv1.RuleWithOperations{{
		Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
		Rule:       admissionv1.Rule{APIGroups: []string{groupVersion.Group}, APIVersions: []string{groupVersion.Version}, Resources: []string{"greetings"}},
	}}
	service := func(path string) admissionv1.WebhookClientConfig {
		return admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Name: "webhook", Namespace: namespace, Path: &path}}
	}
	none := admissionv1.SideEffectClassNone
	return envtest.WebhookInstallOptions{
		MutatingWebhooks: []*admissionv1.MutatingWebhookConfiguration{{
			ObjectMeta: metav1.ObjectMeta{Name: "greetings"},
			Webhooks: []admissionv1.MutatingWebhook{{
				Name: "default.clients.coracle.dev", Rules: rules, SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
				ClientConfig: service("/mutate-clients-coracle-dev-v1-greeting"),
			}},
		}},
		ValidatingWebhooks: []*admissionv1.ValidatingWebhookConfiguration{{
			ObjectMeta: metav1.ObjectMeta{Name: "greetings"},
			Webhooks: []admissionv1.ValidatingWebhook{{
				Name: "validate.clients.coracle.dev", Rules: rules, SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
				ClientConfig: service("/validate-clients-coracle-dev-v1-greeting"),
			}},
		}},
	}
}

func holder(ctx context.Context, direct client.Client) string {
	lease := &coordinationv1.Lease{}
	check(direct.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "greetings.clients.coracle.dev"}, lease))
	return *lease.Spec.HolderIdentity
}

func eventually(ctx context.Context, condition func() bool) bool {
	return nil == wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, patience, true, func(context.Context) (bool, error) {
		return condition(), nil
	})
}

// ignoreInternal: a webhook that does not answer yet is an internal error.
func ignoreInternal(err error) error {
	if apierrors.IsInternalError(err) {
		return nil
	}
	return err
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
