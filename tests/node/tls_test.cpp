#include "node/tls.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <thread>

#include "tests/node/raw_peer.h"

namespace circula::node {
namespace {

using testing::chain_of;
using testing::seed_of;

crypto::PublicKey key_of(std::uint8_t number) {
  return PeerTls::make(seed_of(number), chain_of(1), [](auto&) { return std::nullopt; }).value().public_key();
}

// Knows the keys of these nodes: node n has the seed of n.
PeerAllowList knows(std::initializer_list<std::uint8_t> numbers) {
  std::map<crypto::PublicKey, PeerId> known;
  for (const std::uint8_t number : numbers) known[key_of(number)] = number;
  return [known](const crypto::PublicKey& key) -> std::optional<PeerId> {
    const auto found = known.find(key);
    return found == known.end() ? std::nullopt : std::optional<PeerId>(found->second);
  };
}

struct Side {
  bool finished = false;
  PeerVerdict verdict;
  SSL* ssl = nullptr;
  bool can_read = false;  // a client learns of a refused certificate only when it reads
};

struct Handshake {
  Side client, server;

  Handshake(SSL_CTX* client_context, const PeerTls* client_tls, const PeerTls& server_tls,
            std::optional<PeerId> expected = std::nullopt) {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    std::thread serving([&] {
      server.ssl = SSL_new(server_tls.context());
      server_tls.watch(server.ssl, server.verdict);
      SSL_set_fd(server.ssl, pair[0]);
      server.finished = SSL_accept(server.ssl) == 1;
      if (server.finished) SSL_write(server.ssl, "x", 1);
      ::shutdown(pair[0], SHUT_WR);
    });
    client.verdict.expected = expected;
    client.ssl = SSL_new(client_context);
    if (client_tls != nullptr) client_tls->watch(client.ssl, client.verdict);
    SSL_set_fd(client.ssl, pair[1]);
    client.finished = SSL_connect(client.ssl) == 1;
    char byte = 0;
    client.can_read = client.finished && SSL_read(client.ssl, &byte, 1) == 1;
    ::shutdown(pair[1], SHUT_WR);
    serving.join();
    ::close(pair[0]);
    ::close(pair[1]);
  }
  ~Handshake() {
    SSL_free(client.ssl);
    SSL_free(server.ssl);
  }
};

Handshake between(const PeerTls& client, const PeerTls& server,
                  std::optional<PeerId> expected = std::nullopt) {
  return {client.context(), &client, server, expected};
}

TEST(PeerTls, both_sides_learn_who_the_other_is) {
  const auto one = PeerTls::make(seed_of(1), chain_of(9), knows({2})).value();
  const auto two = PeerTls::make(seed_of(2), chain_of(9), knows({1})).value();
  const Handshake made = between(one, two, PeerId{2});
  EXPECT_TRUE(made.client.can_read);
  EXPECT_EQ(made.client.verdict.peer, PeerId{2});
  EXPECT_EQ(made.server.verdict.peer, PeerId{1});
  EXPECT_EQ(made.server.verdict.key, one.public_key());
  EXPECT_STREQ(SSL_get_version(made.client.ssl), "TLSv1.3");
}

TEST(PeerTls, a_server_refuses_an_unknown_key_within_the_handshake) {
  const auto stranger = PeerTls::make(seed_of(3), chain_of(9), knows({2})).value();
  const auto two = PeerTls::make(seed_of(2), chain_of(9), knows({1})).value();
  const Handshake made = between(stranger, two);
  EXPECT_FALSE(made.server.finished);
  EXPECT_EQ(made.server.verdict.refusal, TlsRefusal::kUnknownKey);
  EXPECT_FALSE(made.server.verdict.peer.has_value());
  EXPECT_FALSE(made.client.can_read);
}

TEST(PeerTls, a_client_refuses_an_unknown_key_within_the_handshake) {
  const auto one = PeerTls::make(seed_of(1), chain_of(9), knows({2})).value();
  const auto impostor = PeerTls::make(seed_of(3), chain_of(9), knows({1})).value();
  const Handshake made = between(one, impostor);
  EXPECT_FALSE(made.client.finished);
  EXPECT_EQ(made.client.verdict.refusal, TlsRefusal::kUnknownKey);
  EXPECT_FALSE(made.server.finished);
}

TEST(PeerTls, a_client_refuses_a_known_peer_that_it_did_not_dial) {
  const auto one = PeerTls::make(seed_of(1), chain_of(9), knows({2, 3})).value();
  const auto three = PeerTls::make(seed_of(3), chain_of(9), knows({1})).value();
  const Handshake made = between(one, three, PeerId{2});
  EXPECT_FALSE(made.client.finished);
  EXPECT_EQ(made.client.verdict.refusal, TlsRefusal::kWrongPeer);
}

TEST(PeerTls, another_chain_fails_on_the_server) {
  const auto one = PeerTls::make(seed_of(1), chain_of(8), knows({2})).value();
  const auto two = PeerTls::make(seed_of(2), chain_of(9), knows({1})).value();
  const Handshake made = between(one, two);
  EXPECT_FALSE(made.client.finished);
  EXPECT_FALSE(made.server.finished);
  EXPECT_EQ(made.server.verdict.refusal, TlsRefusal::kWrongChain);
}

// A context with a good key that a program of somebody else could have: `protocol` as ALPN, or none.
SSL_CTX* foreign_context(std::uint8_t number, const std::string& protocol, bool with_certificate) {
  SSL_CTX* context = SSL_CTX_new(TLS_method());
  if (with_certificate) {
    const auto seed = seed_of(number);
    EVP_PKEY* key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size());
    X509* certificate = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 60);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, nullptr);
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  if (!protocol.empty()) {
    const std::string wire = static_cast<char>(protocol.size()) + protocol;
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(wire.data()),
                            static_cast<unsigned int>(wire.size()));
  }
  return context;
}

TEST(PeerTls, a_client_without_alpn_fails_although_its_key_is_known) {
  const auto two = PeerTls::make(seed_of(2), chain_of(9), knows({1})).value();
  SSL_CTX* context = foreign_context(1, "", true);
  const Handshake made(context, nullptr, two);
  SSL_CTX_free(context);
  EXPECT_FALSE(made.server.finished);
  EXPECT_EQ(made.server.verdict.refusal, TlsRefusal::kWrongChain);
}

TEST(PeerTls, a_server_that_selects_no_alpn_fails_on_the_client) {
  const auto one = PeerTls::make(seed_of(1), chain_of(9), knows({2})).value();
  SSL_CTX* context = foreign_context(2, "", true);
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  std::thread serving([&] {
    SSL* server = SSL_new(context);
    SSL_set_fd(server, pair[0]);
    SSL_accept(server);
    SSL_free(server);
    ::shutdown(pair[0], SHUT_WR);
  });
  SSL* client = SSL_new(one.context());
  PeerVerdict verdict;
  one.watch(client, verdict);
  SSL_set_fd(client, pair[1]);
  EXPECT_NE(SSL_connect(client), 1);
  EXPECT_EQ(verdict.refusal, TlsRefusal::kWrongChain);
  ::shutdown(pair[1], SHUT_WR);
  serving.join();
  SSL_free(client);
  SSL_CTX_free(context);
  ::close(pair[0]);
  ::close(pair[1]);
}

TEST(PeerTls, a_client_without_certificate_is_refused) {
  const auto two = PeerTls::make(seed_of(2), chain_of(9), knows({1})).value();
  SSL_CTX* context = foreign_context(1, "circula-peer/1/" + crypto::to_hex(chain_of(9).view()), false);
  const Handshake made(context, nullptr, two);
  SSL_CTX_free(context);
  EXPECT_FALSE(made.server.finished);
  EXPECT_FALSE(made.server.verdict.peer.has_value());
}

TEST(PeerTls, a_good_key_with_the_right_alpn_needs_nothing_else_of_its_certificate) {
  const auto two = PeerTls::make(seed_of(2), chain_of(9), knows({1})).value();
  SSL_CTX* context = foreign_context(1, "circula-peer/1/" + crypto::to_hex(chain_of(9).view()), true);
  const Handshake made(context, nullptr, two);
  SSL_CTX_free(context);
  EXPECT_TRUE(made.server.finished);
  EXPECT_EQ(made.server.verdict.peer, PeerId{1});
}

TEST(PeerTls, an_old_protocol_version_is_refused) {
  const auto two = PeerTls::make(seed_of(2), chain_of(9), knows({1})).value();
  SSL_CTX* context = foreign_context(1, "circula-peer/1/" + crypto::to_hex(chain_of(9).view()), true);
  SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  const Handshake made(context, nullptr, two);
  SSL_CTX_free(context);
  EXPECT_FALSE(made.server.finished);
}

TEST(PeerTls, gives_no_ticket_to_resume_with) {
  const auto one = PeerTls::make(seed_of(1), chain_of(9), knows({2})).value();
  const auto two = PeerTls::make(seed_of(2), chain_of(9), knows({1})).value();
  const Handshake made = between(one, two);
  ASSERT_TRUE(made.client.can_read);  // tickets would have come before this byte
  EXPECT_EQ(SSL_SESSION_is_resumable(SSL_get_session(made.client.ssl)), 0);
}

TEST(PeerTls, the_container_is_valid_until_the_end_of_9999) {
  const auto one = PeerTls::make(seed_of(1), chain_of(9), knows({2})).value();
  const ASN1_TIME* end = X509_get0_notAfter(SSL_CTX_get0_certificate(one.context()));
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(end))), "99991231235959Z");
}

}  // namespace
}  // namespace circula::node
