// Those who must not come in: each attempt must end within the handshake.
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <poll.h>

#include "crypto/encoding.h"
#include "tests/attack/peer_cases.h"

namespace circula::attack {
namespace {

using Context = std::shared_ptr<SSL_CTX>;  // shared by the copies of a case
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

// Above the node's own deadline for a handshake.
constexpr std::chrono::milliseconds kPatience{8'000};

std::string protocol_of(const crypto::Digest& chain_id) {
  return "circula-peer/1/" + crypto::to_hex(chain_id.view());
}

Context make_context(const std::string& protocol, int newest_version) {
  Context context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_max_proto_version(context.get(), newest_version);
  std::string wire(1, static_cast<char>(protocol.size()));
  wire += protocol;
  if (!protocol.empty())
    SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(wire.data()),
                            static_cast<unsigned>(wire.size()));
  return context;
}

// Self-signed, with a subject so long as asked for.
void give_certificate(SSL_CTX* context, const Key& key, std::size_t padding) {
  const Certificate certificate(X509_new(), &X509_free);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  for (std::size_t n = 0; n < padding; n += 64) {
    const std::string part(64, 'p');
    X509_NAME_add_entry_by_txt(subject, "OU", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(part.data()), 64, -1, 0);
  }
  X509_set_pubkey(certificate.get(), key.get());
  const bool is_ed25519 = EVP_PKEY_get_id(key.get()) == EVP_PKEY_ED25519;
  X509_sign(certificate.get(), key.get(), is_ed25519 ? nullptr : EVP_sha256());
  SSL_CTX_use_certificate(context, certificate.get());
  SSL_CTX_use_PrivateKey(context, key.get());
}

// A TLS 1.3 client believes itself shaken before the server has judged it; so the node's closing counts, and
// that it did not say a word that only a peer gets.
std::string judge(HostilePeer& peer) {
  if (!peer.connected()) return "no connection";
  if (peer.shaken()) (void)peer.hello();
  if (peer.shaken() && !peer.closes(kPatience)) return "not closed";
  return peer.received().empty() ? "" : "was sent a frame";
}

Stranger with_context(std::string name, Context context) {
  return {std::move(name), [context = std::move(context)](Draw&, std::uint16_t port) {
            HostilePeer peer(context.get(), port);
            return judge(peer);
          }};
}

Stranger with_keys(std::string name, const crypto::SigningKey& key, const crypto::Digest& chain_id) {
  std::array<std::uint8_t, 32> seed{};
  std::copy(key.seed().begin(), key.seed().end(), seed.begin());
  const auto anybody = [](const crypto::PublicKey&) { return std::optional<node::PeerId>(1); };
  const auto tls = std::make_shared<node::PeerTls>(node::PeerTls::make(seed, chain_id, anybody).value());
  return {std::move(name), [tls](Draw&, std::uint16_t port) {
            HostilePeer peer(*tls, port);
            return judge(peer);
          }};
}

// Bytes without TLS; the node hangs up, at the latest when the time for a handshake is over.
Stranger without_tls(std::string name, std::function<std::string(Draw&)> words) {
  return {std::move(name), [words = std::move(words)](Draw& draw, std::uint16_t port) -> std::string {
            const node::testing::RawSocket socket(port);
            if (!socket.connected()) return "no connection";
            (void)socket.write(words(draw));
            ::shutdown(socket.descriptor(), SHUT_WR);
            return socket.closes() ? "" : "not closed";
          }};
}

}  // namespace

std::vector<Stranger> strangers(const HostileView& view, const crypto::SigningKey& transport_key) {
  const std::string protocol = protocol_of(view.chain_id);
  crypto::Digest other = view.chain_id;
  other[0] ^= 1;
  const Context plain = make_context(protocol, TLS1_3_VERSION);
  const Context old = make_context(protocol, TLS1_2_VERSION);
  const Context no_protocol = make_context("", TLS1_3_VERSION);
  const Context curve = make_context(protocol, TLS1_3_VERSION);
  give_certificate(curve.get(), Key(EVP_EC_gen("P-256"), &EVP_PKEY_free), 0);
  const Context large = make_context(protocol, TLS1_3_VERSION);
  give_certificate(large.get(), Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free), 12'000);
  return {
      with_keys("an unknown key", crypto::SigningKey::generate(), view.chain_id),
      with_keys("a voter's key on another chain", transport_key, other),
      with_context("no certificate", plain),
      with_context("TLS 1.2", old),
      with_context("no protocol", no_protocol),
      with_context("a key of another kind", curve),
      with_context("a certificate of twelve kilobytes", large),
      without_tls("plain HTTP",
                  [](Draw&) { return std::string("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); }),
      without_tls("garbage", [](Draw& draw) { return draw.bytes(draw.between(1, 20'000)); }),
      without_tls(
          "a hello cut short",
          [](Draw& draw) { return std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9) + draw.bytes(50); }),
      without_tls("a length that lies",
                  [](Draw& draw) { return std::string("\x16\x03\x01\xff\xff", 5) + draw.bytes(100); }),
      without_tls("nothing", [](Draw&) { return std::string(); }),
  };
}

}  // namespace circula::attack
