//! Secrets, certificates and what can be wrong with them; signatures are verified as a service would.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters, UnparsedPublicKey,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

use crate::auth::client::{ClientProof, secret_key};
use crate::auth::tests::profile;
use crate::auth::{AuthError, ClientFault, Vault};
use crate::model::{Assertion, ClientKind, Method, Provider, SignInProfile};

/// Files of `tests/data/certificates`, copied so that a test may set their rights.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/certificates");
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = folder.path().join(entry.file_name());
            std::fs::copy(entry.path(), &to).unwrap();
            std::fs::set_permissions(&to, PermissionsExt::from_mode(0o600)).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    }

    async fn load(&self, certificate: &str, key: Option<&str>) -> Result<ClientProof, ClientFault> {
        let profile = SignInProfile {
            certificate: Some(self.path(certificate)),
            certificate_key: key.map(|key| self.path(key)),
            ..app_only(Method::ClientCertificate)
        };
        match ClientProof::load_at(&profile, &Vault::in_memory(), now()).await {
            Ok(proof) => Ok(proof),
            Err(AuthError::Client { profile, fault }) => {
                assert_eq!(profile, "contoso");
                Err(fault)
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn check(&self, certificate: &str, key: Option<&str>, expected: ClientFault) {
        let fault = self.load(certificate, key).await.unwrap_err();
        assert_eq!(fault, expected, "{certificate} {key:?}");
    }
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn endpoint() -> Url {
    Url::parse("https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token").unwrap()
}

fn app_only(method: Method) -> SignInProfile {
    SignInProfile {
        method,
        ..profile(Provider::Microsoft365)
    }
}

fn facts(proof: &ClientProof) -> &super::CertificateFacts {
    match proof {
        ClientProof::Certificate(certificate) => &certificate.facts,
        other => panic!("{other:?}"),
    }
}

/// Signs an assertion, verifies it with the certificate's key, and returns header and claims.
async fn assertion(how: Assertion, verify: &'static RsaParameters) -> (Value, Value) {
    let files = Files::new();
    let proof = files.load("app.pem", Some("app.key")).await.unwrap();
    let profile = SignInProfile {
        assertion: how,
        ..app_only(Method::ClientCertificate)
    };
    let fields = proof.fields(&profile, &endpoint(), now()).unwrap();
    assert_eq!(fields[0].0, "client_assertion_type");
    assert_eq!(
        fields[0].1.expose_secret(),
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    assert_eq!(fields[1].0, "client_assertion");
    let text = fields[1].1.expose_secret();
    let (signed, signature) = text.rsplit_once('.').unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    let ClientProof::Certificate(certificate) = &proof else {
        panic!("no certificate");
    };
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(verify, certificate.key.public().as_ref())
        .verify(signed.as_bytes(), &signature)
        .unwrap();
    let read = |part: &str| {
        serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    (read(head), read(claims))
}

#[tokio::test]
async fn an_assertion_is_what_entra_documents() {
    let (head, claims) = assertion(Assertion::Ps256, &RSA_PSS_2048_8192_SHA256).await;
    assert_eq!(head["alg"], "PS256");
    assert_eq!(head["typ"], "JWT");
    // openssl x509 -in app.pem -outform DER | openssl dgst -sha256 -binary | basenc --base64url
    assert_eq!(
        head["x5t#S256"],
        "r07YXWDQ8USzUth3u0RpMwjoQCP41jR39fCt1PNwsYM"
    );
    assert_eq!(head.get("x5t"), None);
    assert_eq!(claims["aud"], endpoint().as_str());
    assert_eq!(claims["iss"], "client-1");
    assert_eq!(claims["sub"], "client-1");
    let at = |name: &str| claims[name].as_i64().unwrap();
    assert!(at("nbf") <= now().as_second() && at("exp") > now().as_second() + 300);
    assert_eq!(at("exp") - at("nbf"), 600);
    let (_, again) = assertion(Assertion::Ps256, &RSA_PSS_2048_8192_SHA256).await;
    assert_ne!(claims["jti"], again["jti"], "none can be replayed");
    let id = claims["jti"].as_str().unwrap();
    assert_eq!((id.len(), id.split('-').count()), (36, 5), "{id}");
    assert_eq!(id.chars().nth(14), Some('4'), "{id}");
}

#[tokio::test]
async fn older_services_get_rs256_with_sha_1() {
    let (head, _) = assertion(Assertion::Rs256, &RSA_PKCS1_2048_8192_SHA256).await;
    assert_eq!(head["alg"], "RS256");
    assert_eq!(head["x5t"], "5uP8zO3js_RTqPkU0GKvTMTB1r8");
    assert_eq!(head.get("x5t#S256"), None);
}

#[tokio::test]
async fn keys_are_read_in_both_forms_and_from_one_file_with_a_chain() {
    let files = Files::new();
    let all = ["other.pem", "app.pem", "app.key"].map(|name| files.read(name));
    files.write("all.pem", &all.concat());
    for (certificate, key) in [
        ("app.pem", Some("app.key")),
        ("app.pem", Some("app-pkcs1.key")),
        ("all.pem", None),
    ] {
        let proof = files.load(certificate, key).await.unwrap();
        let facts = facts(&proof);
        assert_eq!(facts.thumbprint, "E6E3FCCCEDE3B3F453A8F914D062AF4CC4C1D6BF");
        assert!(facts.subject.contains("Pillarbox test"), "{facts:?}");
        assert_eq!(facts.not_after.to_string(), "2120-01-01T00:00:00Z");
        assert_eq!(facts.exposed_key, None);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_key_is_said() {
    let files = Files::new();
    let path = |name: &str| files.path(name);
    for name in ["app-encrypted.key", "app-encrypted-old.key"] {
        let fault = ClientFault::EncryptedKey { path: path(name) };
        files.check("app.pem", Some(name), fault).await;
    }
    let fault = ClientFault::NotRsa {
        path: path("ec.key"),
    };
    files.check("app.pem", Some("ec.key"), fault).await;
    let fault = ClientFault::NoKey {
        path: path("app.pem"),
    };
    files.check("app.pem", None, fault).await;
    let fault = ClientFault::KeyOfAnother {
        certificate: path("app.pem"),
        key: path("other.key"),
    };
    files.check("app.pem", Some("other.key"), fault).await;
    let fault = ClientFault::KeyRejected {
        path: path("small.key"),
        reason: "TooSmall".to_owned(),
    };
    files.check("app.pem", Some("small.key"), fault).await;
    let fault = ClientFault::Unreadable {
        path: path("gone.key"),
        kind: std::io::ErrorKind::NotFound,
    };
    files.check("app.pem", Some("gone.key"), fault).await;
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said() {
    let files = Files::new();
    let path = |name: &str| files.path(name);
    let fault = ClientFault::NoCertificate {
        path: path("app.key"),
    };
    files.check("app.key", None, fault).await;
    let fault = ClientFault::Pkcs12 {
        path: path("app.p12"),
    };
    files.check("app.p12", None, fault).await;
    let pem = String::from_utf8(files.read("app.pem")).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    files.write("app.der", &STANDARD.decode(body).unwrap());
    let fault = ClientFault::NotPem {
        path: path("app.der"),
    };
    files.check("app.der", Some("app.key"), fault).await;
    let damaged = "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n";
    files.write("damaged.pem", damaged.as_bytes());
    let fault = ClientFault::DamagedCertificate {
        path: path("damaged.pem"),
    };
    files.check("damaged.pem", Some("app.key"), fault).await;
    let fault = ClientFault::CertificateExpired {
        path: path("expired.pem"),
        since: "2021-01-01T00:00:00Z".parse().unwrap(),
    };
    files.check("expired.pem", Some("app.key"), fault).await;
    let fault = ClientFault::CertificateNotYetValid {
        path: path("future.pem"),
        from: "2119-01-01T00:00:00Z".parse().unwrap(),
    };
    files.check("future.pem", Some("app.key"), fault).await;
}

#[tokio::test]
async fn a_key_others_can_read_is_told() {
    let files = Files::new();
    let key = files.path("app.key");
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o640)).unwrap();
    let proof = files.load("app.pem", Some("app.key")).await.unwrap();
    assert_eq!(facts(&proof).exposed_key, Some(key));
}

#[tokio::test]
async fn a_secret_comes_from_the_vault_and_is_missed_by_name() {
    let vault = Vault::in_memory();
    let mut profile = app_only(Method::ClientSecret);
    let load = |profile: SignInProfile| {
        let vault = vault.clone();
        async move { ClientProof::load(&profile, &vault).await }
    };
    for secret in [None, Some(" \n")] {
        if let Some(secret) = secret {
            let secret = SecretString::from(secret);
            vault.put(&secret_key("contoso"), &secret).await.unwrap();
        }
        assert!(matches!(
            load(profile.clone()).await,
            Err(AuthError::Client { profile, fault: ClientFault::SecretMissing }) if profile == "contoso"
        ));
    }
    let secret = SecretString::from("a~b.c_d-e+f/CANARY");
    vault.put("secret/contoso", &secret).await.unwrap();
    let proof = load(profile.clone()).await.unwrap();
    let fields = proof.fields(&profile, &endpoint(), now()).unwrap();
    assert_eq!(fields[0].0, "client_secret");
    assert_eq!(fields[0].1.expose_secret(), secret.expose_secret());
    assert!(!format!("{proof:?} {fields:?} {:?}", proof.mark()).contains("CANARY"));

    profile.method = Method::Browser;
    profile.client = ClientKind::Confidential;
    assert!(matches!(
        load(profile.clone()).await,
        Ok(ClientProof::Secret(_))
    ));
    profile.client = ClientKind::Public;
    let public = load(profile.clone()).await.unwrap();
    assert!(
        public
            .fields(&profile, &endpoint(), now())
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_profile_without_a_certificate_says_so() {
    let profile = app_only(Method::ClientCertificate);
    let outcome = ClientProof::load(&profile, &Vault::in_memory()).await;
    assert!(
        matches!(outcome, Err(AuthError::Profile { reason, .. }) if reason.contains("certificate"))
    );
}

#[tokio::test]
async fn marks_differ_when_proofs_do() {
    let files = Files::new();
    let one = files.load("app.pem", Some("app.key")).await.unwrap();
    let other = files.load("other.pem", Some("other.key")).await.unwrap();
    let secret = |text: &str| ClientProof::Secret(SecretString::from(text));
    assert_eq!(secret("a").mark(), secret("a").mark());
    let all = [
        one.mark(),
        other.mark(),
        secret("a").mark(),
        secret("b").mark(),
        ClientProof::None.mark(),
    ];
    for (number, mark) in all.iter().enumerate() {
        assert!(!all[..number].contains(mark));
    }
}

proptest::proptest! {
    #[test]
    fn no_file_makes_it_panic(bytes: Vec<u8>, cut in 0_usize..2000, at in 0_usize..1000, byte: u8) {
        let files = Files::new();
        let mut changed = files.read("app.pem");
        if let Some(place) = changed.get_mut(at) {
            *place = byte;
        }
        changed.extend(files.read("app.key").iter().take(cut));
        files.write("changed.pem", &changed);
        files.write("random.pem", &bytes);
        let mut wrapped = b"-----BEGIN CERTIFICATE-----\n".to_vec();
        wrapped.extend(STANDARD.encode(&bytes).into_bytes());
        wrapped.extend(b"\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n");
        wrapped.extend(STANDARD.encode(&bytes).into_bytes());
        wrapped.extend(b"\n-----END PRIVATE KEY-----\n");
        files.write("wrapped.pem", &wrapped);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for name in ["changed.pem", "random.pem", "wrapped.pem"] {
                let _ = files.load(name, None).await;
                let _ = files.load("app.pem", Some(name)).await;
            }
        });
    }
}
