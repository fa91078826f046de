-- Software that speaks the Cloud Signature Consortium's API asks for signatures through the authorization server: the request, and
-- what was granted on it, name the signing request that the person approved.

ALTER TABLE oidc_request ADD COLUMN signing BYTES;
ALTER TABLE oidc_grant ADD COLUMN signing BYTES;
