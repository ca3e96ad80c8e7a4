//! Notices for an application that cannot prove itself: its secret or its certificate.

use crate::auth::ClientFault;
use crate::explain::notice::{Notice, Remedy};

/// Explains what is wrong with the secret or certificate of a sign-in profile.
pub(in crate::explain) fn explain(profile: &str, fault: &ClientFault) -> Notice {
    let notice = match fault {
        ClientFault::SecretMissing => Notice::new(format!("The secret of the sign-in profile {profile} is missing"))
            .cause("This profile signs in with a secret of its application, and the vault holds none")
            .how("Enter the secret's value; an administrator finds it under Certificates & secrets when making it"),
        ClientFault::Unreadable { path, kind } => Notice::new(format!("{} cannot be read", path.display()))
            .cause(format!("The system says: {kind}"))
            .how("Check the path in the sign-in profile and the rights of the file")
            .copy(format!("ls -l {}", path.display())),
        ClientFault::NotPem { path } => Notice::new(format!("{} is no PEM file", path.display()))
            .cause("It is binary, or another kind of file: PEM begins with a line such as -----BEGIN CERTIFICATE-----")
            .how("Convert a binary certificate with the line below")
            .copy(format!("openssl x509 -inform DER -in {0} -out {0}.pem", path.display())),
        ClientFault::Pkcs12 { path } => Notice::new(format!("{} is a PKCS#12 file", path.display()))
            .cause("Certificate and key are packed together in it; Pillarbox reads them as PEM")
            .how("Convert it with the line below, then name the new file in the sign-in profile")
            .copy(format!("(umask 077; openssl pkcs12 -in {0} -nodes -out {0}.pem)", path.display())),
        ClientFault::NoCertificate { path } => Notice::new(format!("There is no certificate in {}", path.display()))
            .cause("The file holds something else, perhaps only the key")
            .how("Name the file with -----BEGIN CERTIFICATE----- in the sign-in profile"),
        ClientFault::DamagedCertificate { path } => Notice::new(format!("The certificate in {} is damaged", path.display()))
            .cause("It cannot be understood; it may be cut off")
            .how("Get it again from where it was made")
            .copy(format!("openssl x509 -in {} -noout -text", path.display())),
        ClientFault::NoKey { path } => Notice::new(format!("There is no private key in {}", path.display()))
            .cause("The key is in a file of its own, or was never exported")
            .how("Name the key's file as certificate_key of the sign-in profile"),
        ClientFault::EncryptedKey { path } => Notice::new(format!("The key in {} is protected by a passphrase", path.display()))
            .cause("Nobody is there to type it whenever a token is renewed")
            .how("Make a copy without a passphrase that only you can read")
            .copy(format!("(umask 077; openssl pkey -in {0} -out {0}.open)", path.display())),
        ClientFault::NotRsa { path } => Notice::new(format!("The key in {} is not an RSA key", path.display()))
            .cause("The sign-in service takes assertions signed with RSA only")
            .how("Make a certificate with an RSA key of 2048 bits or more, and have it added to the application")
            .copy("(umask 077; openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=pillarbox -keyout app.key -out app.pem)"),
        ClientFault::KeyRejected { path, reason } => Notice::new(format!("The key in {} cannot be used", path.display()))
            .cause("It is damaged, or not between 2048 and 4096 bits long")
            .how("Check it, and make a new one if need be")
            .copy(format!("openssl rsa -in {} -noout -check", path.display()))
            .detail(reason.clone()),
        ClientFault::KeyOfAnother { certificate, key } => Notice::new("Key and certificate do not belong together")
            .cause(format!("{} was not made with the key in {}", certificate.display(), key.display()))
            .how("Compare both with the line below: the two numbers must be the same")
            .copy(format!(
                "openssl x509 -in {} -noout -modulus; openssl rsa -in {} -noout -modulus",
                certificate.display(),
                key.display()
            )),
        ClientFault::CertificateExpired { path, since } => Notice::new(format!("The certificate in {} has expired", path.display()))
            .cause(format!("It ended on {}", since.strftime("%Y-%m-%d %H:%M UTC")))
            .how("Make a new certificate and have an administrator add it to the application"),
        ClientFault::CertificateNotYetValid { path, from } => Notice::new(format!("The certificate in {} is not valid yet", path.display()))
            .cause(format!("It begins on {}, or the clock of this machine is behind", from.strftime("%Y-%m-%d %H:%M UTC")))
            .how("Check the clock of this machine")
            .copy("timedatectl"),
        ClientFault::NotSigned => Notice::new("The assertion for the sign-in service could not be signed")
            .cause("The system gave no random bytes or stopped the work")
            .how("Try again")
            .remedy(Remedy::Retry),
    };
    let notice = if notice.remedy == Remedy::None {
        notice.remedy(Remedy::EditAccount)
    } else {
        notice
    };
    notice.loud()
}
