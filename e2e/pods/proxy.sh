#!/bin/sh
# Envoy as the proxy of one pod: `proxy.sh sidecar|router|waypoint XDS_PORT SDS_PORT`. The environment that the kubelet gives to every
# container says whose proxy it is. Node identity, stats and drain flags are those of Istio's own agent.
set -eu
# A waypoint is made of internal listeners, and HBONE=1 makes a sidecar reach pods in ambient through one. From 1.29.2 on istiod names a
# factory of Istio's own Envoy in them.
version=1.31.0 extensions=
if [ "$1" = waypoint ] || [ "${HBONE:-}" = 1 ]; then
  version=1.29.1
  extensions="bootstrap_extensions: [{name: envoy.bootstrap.internal_listener, typed_config: {'@type': type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener}}]"
fi
cluster() { # name, port
  cat <<YAML
  - name: $1
    type: STATIC
    connect_timeout: 1s
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        '@type': type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {http2_protocol_options: {}}
    load_assignment:
      cluster_name: $1
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: $2}}}}]}]
YAML
}
exec "$ENVOY" --concurrency 1 --disable-hot-restart --drain-time-s 45 --drain-strategy immediate --log-level warning \
  --config-yaml "
node:
  id: $1~$POD_IP~$POD_NAME.$POD_NAMESPACE~$POD_NAMESPACE.svc.cluster.local
  cluster: $POD_NAME.$POD_NAMESPACE
  metadata:
    NAMESPACE: $POD_NAMESPACE
    CLUSTER_ID: Kubernetes
    ISTIO_VERSION: $version
    INSTANCE_IPS: $POD_IP
    INTERCEPTION_MODE: NONE
    LABELS: $POD_LABELS
    SERVICE_ACCOUNT: $POD_SERVICE_ACCOUNT
$extensions
admin: {address: {socket_address: {address: $POD_IP, port_value: 15090}}}
# Histograms are merged when somebody looks, not every five seconds.
stats_flush_on_admin: true
stats_config: {use_all_default_tags: false}
dynamic_resources:
  ads_config:
    api_type: DELTA_GRPC
    transport_api_version: V3
    set_node_on_first_message_only: true
    # By default a proxy may wait 30 s before it asks a restarted istiod again; tests are quicker than that.
    grpc_services: [{envoy_grpc: {cluster_name: xds-grpc, retry_policy: {retry_back_off: {base_interval: 0.1s, max_interval: 0.5s}}}}]
  cds_config: {ads: {}, resource_api_version: V3, initial_fetch_timeout: 0s}
  lds_config: {ads: {}, resource_api_version: V3, initial_fetch_timeout: 0s}
static_resources:
  clusters:
$(cluster xds-grpc $2)
$(cluster sds-grpc $3)
"
