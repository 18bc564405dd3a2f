package main

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

const finalizer = "clients.coracle.dev/trace"

// reconciler keeps an owned ConfigMap with the text of each Greeting, and one without an owner that only the finalizer
// removes.
type reconciler struct {
	client.Client
	identity string
	recorder events.EventRecorder
}

func (r *reconciler) setUp(manager ctrl.Manager) error {
	r.recorder = manager.GetEventRecorder("greeting-controller")
	// Two managers run in one process; a name is free only once in it.
	return ctrl.NewControllerManagedBy(manager).
		Named("greeting-" + r.identity).
		WithOptions(controller.Options{}).
		For(&Greeting{}).
		Owns(&corev1.ConfigMap{}).
		Complete(r)
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	greeting := &Greeting{}
	if err := r.Get(ctx, request.NamespacedName, greeting); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	trace := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: request.Name + "-trace", Namespace: request.Namespace}}
	if !greeting.DeletionTimestamp.IsZero() {
		if err := client.IgnoreNotFound(r.Delete(ctx, trace)); err != nil {
			return ctrl.Result{}, err
		}
		before := greeting.DeepCopyObject().(*Greeting)
		controllerutil.RemoveFinalizer(greeting, finalizer)
		return ctrl.Result{}, client.IgnoreNotFound(r.Patch(ctx, greeting, client.MergeFrom(before)))
	}
	if controllerutil.AddFinalizer(greeting, finalizer) {
		return ctrl.Result{}, r.Update(ctx, greeting)
	}
	if _, err := controllerutil.CreateOrUpdate(ctx, r.Client, trace, func() error { return nil }); err != nil {
		return ctrl.Result{}, err
	}
	owned := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: request.Name, Namespace: request.Namespace}}
	if _, err := controllerutil.CreateOrPatch(ctx, r.Client, owned, func() error {
		owned.Data = map[string]string{"text": greeting.Spec.Text}
		return controllerutil.SetControllerReference(greeting, owned, r.Scheme())
	}); err != nil {
		return ctrl.Result{}, err
	}
	before := greeting.DeepCopyObject().(*Greeting)
	greeting.Status.ObservedGeneration = greeting.Generation
	ready := metav1.Condition{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Written", Message: "by " + r.identity}
	if meta.SetStatusCondition(&greeting.Status.Conditions, ready) {
		r.recorder.Eventf(greeting, owned, corev1.EventTypeNormal, "Greeted", "Write", "wrote %s", owned.Name)
	}
	return ctrl.Result{}, r.Status().Patch(ctx, greeting, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
}
