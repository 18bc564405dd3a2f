/** Requests whose keys were thrown away; what matters is whom they are for. */

/** `system:node:node-b` in `system:nodes`. */
export const requestOfNodeB = `-----BEGIN CERTIFICATE REQUEST-----
MIHuMIGWAgEAMDQxFTATBgNVBAoMDHN5c3RlbTpub2RlczEbMBkGA1UEAwwSc3lz
dGVtOm5vZGU6bm9kZS1iMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEDGEM2rMb
Xgo7MmfdujI6OILhgvAFamvMri82pBk4SMtJqltkKc/zetn65jn4V88NkxfY4+15
TNx81asw+yMKpqAAMAoGCCqGSM49BAMCA0cAMEQCIB93IChI3E3Sf+R8hxyFbAfp
7oD1isjT9I10I8k1SIdpAiAwN0O96LsgQxZdu5JGkOS6QyQZ+GnRxLaME5ue7jou
sw==
-----END CERTIFICATE REQUEST-----
`;

/** `somebody` in `devs`. */
export const requestOfSomebody = `-----BEGIN CERTIFICATE REQUEST-----
MIHdMIGEAgEAMCIxDTALBgNVBAoMBGRldnMxETAPBgNVBAMMCHNvbWVib2R5MFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEi8Rd4I9mVGMFUcjjQVDkpnq4lVey986+
mnRj6gZVuacbsxWBUzBg+r9ggnG9/wH0vFzs4Ss99+kvZ/PlkeZ7AaAAMAoGCCqG
SM49BAMCA0gAMEUCIEq4Z8+G/e/loMcRJVk4z54IjVYaxx0fEyC4p4/DoMlwAiEA
u5FiCGhsywvAo2zfixG9Q5sSjNLej8O3b+RMoInwM2g=
-----END CERTIFICATE REQUEST-----
`;
