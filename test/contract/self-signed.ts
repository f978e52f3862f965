/** A certificate that nobody has vouched for, and its key, which protects nothing. */
export const selfSigned = {
  certificate: `-----BEGIN CERTIFICATE-----
MIIBljCCATugAwIBAgIUbTD9tQARGYWCA6HDkePma6UTWMwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjE2MTYyN1oYDzIxMjYxMDI5
MTYxNjI3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQrNoqyh3+J2MRrQEkE+rUv6QYqtE3+Gouw8wR0iUE8+f8NJzqc5CIN
WcvXa2E1TtwIBtqfydN3iPFvBgt7WXfXo2kwZzAdBgNVHQ4EFgQU6v/dg4Yqzijk
j0GkzHpLL81r0jIwHwYDVR0jBBgwFoAU6v/dg4Yqzijkj0GkzHpLL81r0jIwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SQAwRgIhAL9zwe8aubjLi3sdvBSMKsbM3hEgVfZPZanfEilh+HbqAiEAsYvqXpUo
f4/uXC+FYtcrlo506CyT4lzI2PbsfOeT9e4=
-----END CERTIFICATE-----
`,
  privateKey: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJum4YQ77Nz/mnJKn
vmC6r9d/3bpgeDRZfKOexvmizQmhRANCAAQrNoqyh3+J2MRrQEkE+rUv6QYqtE3+
Gouw8wR0iUE8+f8NJzqc5CINWcvXa2E1TtwIBtqfydN3iPFvBgt7WXfX
-----END PRIVATE KEY-----
`,
}
