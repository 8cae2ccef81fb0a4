#include "node/tls.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <utility>

#include "crypto/encoding.h"

namespace circula::node {
namespace {

// A self-signed Ed25519 container has about 300 bytes; what an unknown peer sends is bounded before it is
// parsed (reliability.md 7: no allocation above 4 KiB for strangers).
constexpr long kCertificateBytesMax = 4096;

struct Deleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

crypto::Error environment(std::string what) {
  const unsigned long code = ERR_get_error();
  if (code != 0) what += std::string(": ") + ERR_reason_error_string(code);
  return {crypto::Fault::kEnvironment, std::move(what)};
}

// The slot of an SSL object that holds its PeerVerdict.
int verdict_slot() {
  static const int slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}

Owned<X509> make_container(EVP_PKEY* key) {
  Owned<X509> certificate(X509_new());
  if (!certificate) return nullptr;
  X509* x = certificate.get();
  const auto* name = reinterpret_cast<const unsigned char*>("circula");
  X509_NAME* subject = X509_get_subject_name(x);
  const bool made =
      X509_set_version(x, X509_VERSION_3) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
      ASN1_TIME_set_string_X509(X509_getm_notBefore(x), "19700101000000Z") == 1 &&
      ASN1_TIME_set_string_X509(X509_getm_notAfter(x), "99991231235959Z") == 1 &&
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0) == 1 &&
      X509_set_issuer_name(x, subject) == 1 && X509_set_pubkey(x, key) == 1 && X509_sign(x, key, nullptr) > 0;
  return made ? std::move(certificate) : nullptr;
}

}  // namespace

struct PeerTls::State {
  PeerAllowList allow;
  crypto::PublicKey public_key{};
  std::string protocol;       // the ALPN name
  std::string protocol_wire;  // with its length before it, as OpenSSL takes a list
  Owned<SSL_CTX> context;

  TlsRefusal judge(SSL* connection, X509* certificate, PeerVerdict& verdict) const;
  static int verify(X509_STORE_CTX* store, void* self);
  static int select(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned int in_size, void* self);
};

TlsRefusal PeerTls::State::judge(SSL* connection, X509* certificate, PeerVerdict& verdict) const {
  const unsigned char* selected = nullptr;
  unsigned int selected_size = 0;
  SSL_get0_alpn_selected(connection, &selected, &selected_size);
  const std::string_view name(reinterpret_cast<const char*>(selected), selected_size);
  if (name != protocol) return TlsRefusal::kWrongChain;

  EVP_PKEY* key = certificate != nullptr ? X509_get0_pubkey(certificate) : nullptr;
  if (key == nullptr || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) return TlsRefusal::kCertificate;
  std::size_t size = verdict.key.size();
  if (EVP_PKEY_get_raw_public_key(key, verdict.key.data(), &size) != 1 || size != verdict.key.size()) {
    return TlsRefusal::kCertificate;
  }
  const std::optional<PeerId> peer = allow(verdict.key);
  if (!peer) return TlsRefusal::kUnknownKey;
  if (verdict.expected && *verdict.expected != *peer) return TlsRefusal::kWrongPeer;
  verdict.peer = peer;
  return TlsRefusal::kNone;
}

// Called by OpenSSL during the handshake, in place of its whole chain verification: after this the other
// side still has to prove, by CertificateVerify, that it holds the key.
int PeerTls::State::verify(X509_STORE_CTX* store, void* self) {
  auto* connection =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* verdict = static_cast<PeerVerdict*>(SSL_get_ex_data(connection, verdict_slot()));
  if (verdict == nullptr) return 0;
  verdict->refusal = static_cast<State*>(self)->judge(connection, X509_STORE_CTX_get0_cert(store), *verdict);
  X509_STORE_CTX_set_error(
      store, verdict->refusal == TlsRefusal::kNone ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
  return verdict->refusal == TlsRefusal::kNone ? 1 : 0;
}

int PeerTls::State::select(SSL* connection, const unsigned char** out, unsigned char* out_size,
                           const unsigned char* in, unsigned int in_size, void* self) {
  const std::string& wire = static_cast<State*>(self)->protocol_wire;
  unsigned char* chosen = nullptr;
  const int found =
      SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(wire.data()),
                            static_cast<unsigned int>(wire.size()), in, in_size);
  *out = chosen;
  if (found == OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_OK;
  if (auto* verdict = static_cast<PeerVerdict*>(SSL_get_ex_data(connection, verdict_slot()))) {
    verdict->refusal = TlsRefusal::kWrongChain;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

crypto::Result<PeerTls> PeerTls::make(std::span<const std::uint8_t, kSeedBytes> transport_seed,
                                      const crypto::Digest& chain_id, PeerAllowList allow) {
  auto state = std::make_unique<State>();
  state->allow = std::move(allow);
  state->protocol = "circula-peer/1/" + crypto::to_hex(chain_id.view());
  state->protocol_wire = static_cast<char>(state->protocol.size()) + state->protocol;

  Owned<EVP_PKEY> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, transport_seed.data(), transport_seed.size()));
  if (!key) return environment("the transport key is not usable");
  std::size_t size = state->public_key.size();
  EVP_PKEY_get_raw_public_key(key.get(), state->public_key.data(), &size);
  Owned<X509> certificate = make_container(key.get());
  if (!certificate) return environment("the transport certificate cannot be made");

  state->context.reset(SSL_CTX_new(TLS_method()));
  SSL_CTX* context = state->context.get();
  if (context == nullptr) return environment("no TLS context");
  const auto* wire = reinterpret_cast<const unsigned char*>(state->protocol_wire.data());
  const bool set =
      SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
      SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
      SSL_CTX_use_certificate(context, certificate.get()) == 1 &&
      SSL_CTX_use_PrivateKey(context, key.get()) == 1 && SSL_CTX_set1_sigalgs_list(context, "ed25519") == 1 &&
      SSL_CTX_set_num_tickets(context, 0) == 1 &&
      SSL_CTX_set_alpn_protos(context, wire, static_cast<unsigned int>(state->protocol_wire.size())) == 0;
  if (!set) return environment("the TLS context cannot be set up");
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(context, kCertificateBytesMax);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, &State::verify, state.get());
  SSL_CTX_set_alpn_select_cb(context, &State::select, state.get());
  return PeerTls(std::move(state));
}

PeerTls::PeerTls(std::unique_ptr<State> state) : state_(std::move(state)) {}
PeerTls::PeerTls(PeerTls&&) noexcept = default;
PeerTls& PeerTls::operator=(PeerTls&&) noexcept = default;
PeerTls::~PeerTls() = default;

ssl_ctx_st* PeerTls::context() const { return state_->context.get(); }

void PeerTls::watch(ssl_st* connection, PeerVerdict& verdict) const {
  SSL_set_ex_data(connection, verdict_slot(), &verdict);
}

const crypto::PublicKey& PeerTls::public_key() const { return state_->public_key; }

}  // namespace circula::node
