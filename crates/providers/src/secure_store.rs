//! STUB
#![allow(missing_docs, dead_code)]
use crate::ProviderError;
use crate::identity_center::InstanceName;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;
pub struct SecureStore {
    path: PathBuf,
}
#[derive(Debug, thiserror::Error)]
#[error("stub")]
pub struct StoreError;
pub struct Passphrase;
pub enum Protection {
    Plain,
}
pub struct Lock(std::fs::File);
impl Lock {
    pub fn acquire(_: &Path, _: Duration) -> Result<Lock, StoreError> {
        Err(StoreError)
    }
    pub fn try_acquire(_: &Path) -> Result<Option<Lock>, StoreError> {
        Err(StoreError)
    }
}
impl SecureStore {
    pub fn open(
        _: &Path,
        _: &InstanceName,
        _: Option<Protection>,
        _: Option<Passphrase>,
    ) -> Result<Self, StoreError> {
        Err(StoreError)
    }
    pub fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        Err(StoreError)
    }
    pub fn update<T, E: From<StoreError>>(
        &self,
        _: impl FnOnce(Option<&[u8]>) -> Result<(Zeroizing<Vec<u8>>, T), E>,
    ) -> Result<T, E> {
        Err(StoreError.into())
    }
    pub fn path(&self) -> &Path {
        &self.path
    }
    pub fn sign_in_lock_path(&self) -> PathBuf {
        self.path.clone()
    }
    pub fn set_aside(&self) -> Result<Option<PathBuf>, StoreError> {
        Err(StoreError)
    }
}
impl From<StoreError> for ProviderError {
    fn from(e: StoreError) -> Self {
        ProviderError::invalid(e.to_string())
    }
}
