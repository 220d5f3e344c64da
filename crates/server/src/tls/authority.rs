//! The person's own certificate authority. Its certificates limit it to this server on this host. Its key must not be
//! stored in clear: anyone with the key can pose as this server to all programs that trust it.
//!
//! There are two certificates. Programs trust the root, whose key is deleted after it has signed the issuer. The key of
//! the issuer is kept. Java checks the name constraints of an issuer, but not those of a root (RFC 5280, section 6.2
//! allows both).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use credentials::Timestamp;
use data_encoding::HEXLOWER;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use zeroize::Zeroizing;

use super::provider;
use crate::names::{HostName, Names, loopback};

/// A certificate authority, with its key.
pub struct Authority {
    root: CertificateDer<'static>,
    issuer: CertificateDer<'static>,
    /// The key of the issuer.
    key: Zeroizing<KeyPair>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// Why there is no usable authority.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The stored text is not from [`Authority::to_pem`].
    #[error("the stored certificate authority is not what aws-sso writes")]
    Unreadable,
    /// It vouches for other names.
    #[error(
        "the certificate authority does not vouch for {0}: its names were fixed when it was made"
    )]
    MissingName(HostName),
    /// It is not valid at this time.
    #[error("the certificate authority is valid from {from} to {until} only, and now it is {now}")]
    NotValid {
        /// Its start.
        from: Timestamp,
        /// Its end.
        until: Timestamp,
        /// The time of our clock.
        now: Timestamp,
    },
    /// The cryptographic library refused.
    #[error("a certificate cannot be made: {0}")]
    Refused(String),
}

impl Authority {
    /// Makes a new authority for ten years. It can vouch only for loopback and these names.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn make(names: &Names, now: Timestamp) -> Result<Self, AuthorityError> {
        let root_key = Zeroizing::new(KeyPair::generate().map_err(refused)?);
        let key = Zeroizing::new(KeyPair::generate().map_err(refused)?);
        // The id distinguishes two authorities of one person in a trust store.
        let id = root_key.public_key_raw().last_chunk::<4>().map(|end| HEXLOWER.encode(end));
        let name = format!("aws-sso local authority {}", id.unwrap_or_default());
        let root = authority(&name, names, 1, now);
        let issuer = authority(&format!("{name}, issuer"), names, 0, now);
        let issuer = issuer.signed_by(&*key, &Issuer::from_params(&root, &*root_key));
        let issuer = issuer.map_err(refused)?.der().clone();
        let root = root.self_signed(&*root_key).map_err(refused)?.der().clone();
        Ok(Self { root, issuer, key })
    }

    /// Parses the text from [`Authority::to_pem`].
    ///
    /// # Errors
    /// It is something else.
    pub fn parse(pem: &[u8]) -> Result<Self, AuthorityError> {
        let unreadable = |_| AuthorityError::Unreadable;
        let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(unreadable)?.try_into();
        let [root, issuer] = certificates.map_err(|_| AuthorityError::Unreadable)?;
        let key = Zeroizing::new(PrivateKeyDer::from_pem_slice(pem).map_err(unreadable)?);
        let key = KeyPair::try_from(&*key).map_err(|_| AuthorityError::Unreadable)?;
        let authority = Self { root, issuer, key: Zeroizing::new(key) };
        authority.validity()?;
        Ok(authority)
    }

    /// The certificates and the key. The caller must store them where only the user can read them.
    pub fn to_pem(&self) -> Zeroizing<Vec<u8>> {
        let key = Zeroizing::new(self.key.serialize_pem());
        let certificates = self.certificate_pem() + &pem(&self.issuer);
        // The capacity is set at the start, because a buffer that grows leaves copies of the key behind.
        let mut pem = Zeroizing::new(Vec::with_capacity(certificates.len() + key.len()));
        pem.extend_from_slice(certificates.as_bytes());
        pem.extend_from_slice(key.as_bytes());
        pem
    }

    /// The root certificate, which is public.
    pub fn certificate_pem(&self) -> String {
        pem(&self.root)
    }

    /// Checks that it can vouch for these names at this time.
    ///
    /// # Errors
    /// It was made for other names, or is not valid.
    pub fn check(&self, names: &Names, now: Timestamp) -> Result<(), AuthorityError> {
        let (from, until) = self.validity()?;
        if now < from || now > until {
            return Err(AuthorityError::NotValid { from, until, now });
        }
        for name in names.iter() {
            // Clients decide this, so the check does what a client does.
            if !self.is_believed_about(name, now)? {
                return Err(AuthorityError::MissingName(name.clone()));
            }
        }
        Ok(())
    }

    /// Makes a certificate with a new key for these names, valid for a day, with a start an hour ago.
    pub(super) fn vouch(
        &self,
        names: impl IntoIterator<Item = SanType>,
        now: Timestamp,
    ) -> Result<CertifiedKey, AuthorityError> {
        let key = Zeroizing::new(KeyPair::generate().map_err(refused)?);
        let mut params = validity(now, -HOUR, DAY);
        params.distinguished_name.push(DnType::CommonName, "aws-sso ecs run");
        params.subject_alt_names = names.into_iter().collect();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let issuer = Issuer::from_ca_cert_der(&self.issuer, &*self.key).map_err(refused)?;
        let certificate = params.signed_by(&*key, &issuer).map_err(refused)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let chain = vec![certificate.into(), self.issuer.clone()];
        CertifiedKey::from_der(chain, key, &provider())
            .map_err(|error| AuthorityError::Refused(error.to_string()))
    }

    fn is_believed_about(&self, name: &HostName, now: Timestamp) -> Result<bool, AuthorityError> {
        let refused = |error: rustls::Error| AuthorityError::Refused(error.to_string());
        let vouched = self.vouch(alternative(name), now)?;
        let leaf = vouched.end_entity_cert().and_then(ParsedCertificate::try_from);
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).map_err(refused)?;
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        let verified = verify_server_cert_signed_by_trust_anchor(
            &leaf.map_err(refused)?,
            &roots,
            std::slice::from_ref(&self.issuer),
            UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
            provider().signature_verification_algorithms.all,
        );
        Ok(verified.is_ok())
    }

    fn validity(&self) -> Result<(Timestamp, Timestamp), AuthorityError> {
        super::validity_of(&self.issuer).ok_or(AuthorityError::Unreadable)
    }
}

/// The parameters of an authority's certificate that allows `below` more authorities below it.
fn authority(name: &str, names: &Names, below: u8, now: Timestamp) -> CertificateParams {
    let mut params = validity(now, -DAY, 3653 * DAY);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(below));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // So that it vouches for no signature of e-mail or code where it is installed for all programs of a system.
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: permitted(names),
        excluded_subtrees: Vec::new(),
    });
    params
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    let base64 = data_encoding::BASE64.encode(certificate);
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// All names for a certificate: loopback's and these.
pub(super) fn alternatives(names: &Names) -> Vec<SanType> {
    let all = loopback().into_iter().chain(names.iter().cloned());
    all.filter_map(|name| alternative(&name)).collect()
}

fn alternative(name: &HostName) -> Option<SanType> {
    match name {
        HostName::Dns(name) => Some(SanType::DnsName(name.to_string().try_into().ok()?)),
        HostName::Ip(ip) => Some(SanType::IpAddress(*ip)),
    }
}

fn permitted(names: &Names) -> Vec<GeneralSubtree> {
    let subnet =
        |ip: IpAddr, prefix| GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(ip, prefix));
    let mut permitted = vec![
        // No e-mail address: no mailbox is at this host. (rustls refuses every constraint of directory names, and rcgen
        // writes none of URIs.)
        GeneralSubtree::Rfc822Name("invalid".to_owned()),
        GeneralSubtree::DnsName("localhost".to_owned()),
        subnet(Ipv4Addr::new(127, 0, 0, 0).into(), 8),
        subnet(Ipv6Addr::LOCALHOST.into(), 128),
    ];
    permitted.extend(names.iter().map(|name| match name {
        HostName::Dns(name) => GeneralSubtree::DnsName(name.to_string()),
        HostName::Ip(ip) => subnet(*ip, if ip.is_ipv4() { 32 } else { 128 }),
    }));
    permitted
}

/// `from` and `until` in seconds from now.
fn validity(now: Timestamp, from: i64, until: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    let at = |offset: i64| {
        let second = u64::try_from(now.as_second() + offset).unwrap_or_default();
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(second)
    };
    (params.not_before, params.not_after) = (at(from), at(until));
    params
}

fn refused(error: rcgen::Error) -> AuthorityError {
    AuthorityError::Refused(error.to_string())
}

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;
