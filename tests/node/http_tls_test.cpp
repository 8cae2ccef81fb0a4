#include <ifaddrs.h>
#include <net/if.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "crypto/hash.h"
#include "tests/node/http_server_fixture.h"

namespace circula::node {
namespace {

using ledger::Code;
using std::chrono::milliseconds;
using testing::eventually;
using testing::HttpServerTest;
using testing::kHost;
using testing::RawSocket;
using namespace std::string_literals;

TEST_F(HttpServerTest, off_loopback_it_needs_tls) {
  options.public_listener.address = "0.0.0.0";
  const auto refused = HttpServer::start(options, RouteTable::make(routes()).value());
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, Code::E_CONFIG);
  options.public_listener.address = "127.0.0.1";
  options.operator_listener->address = "0.0.0.0";
  EXPECT_EQ(HttpServer::start(options, RouteTable::make(routes()).value()).error().code, Code::E_CONFIG);
  options.operator_listener->address = "name.example";
  EXPECT_EQ(HttpServer::start(options, RouteTable::make(routes()).value()).error().code, Code::E_CONFIG);
}

std::string pem_of(const std::function<void(BIO*)>& write) {
  BIO* memory = BIO_new(BIO_s_mem());
  write(memory);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(memory);
  return text;
}

struct ServerIdentity {
  HttpTls tls;
  crypto::Digest key;
};

ServerIdentity make_identity() {
  ServerIdentity identity;
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  identity.tls.certificate_chain = pem_of([&](BIO* out) { PEM_write_bio_X509(out, certificate); });
  identity.tls.private_key =
      pem_of([&](BIO* out) { PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  identity.key = crypto::sha256(crypto::ByteView(der, static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return identity;
}

TEST_F(HttpServerTest, speaks_tls_to_a_client_that_pins_its_key) {
  const ServerIdentity identity = make_identity();
  options.tls = identity.tls;
  start();
  HttpClientOptions chosen;
  chosen.url = server->origin();
  EXPECT_TRUE(chosen.url.starts_with("https://127.0.0.1:"));
  chosen.server_key = identity.key;
  HttpClient http = std::move(HttpClient::make(chosen).value());
  EXPECT_EQ(http.get("/echo/x").value().status, 200);
  EXPECT_EQ(http.get("/size").value().body.size(), 3'000'000u);
  EXPECT_EQ(http.post("/echo", "", std::string(1'000'000, 'b')).value().status, 200);
  EXPECT_EQ(server->counters().connections, 1u);
  chosen.server_key->at(0) ^= 1;
  HttpClient other = std::move(HttpClient::make(chosen).value());
  EXPECT_EQ(other.get("/echo/x").error().code, Code::E_CONNECT);
  chosen.server_key.reset();  // then the system's authorities decide, and none knows it
  HttpClient unpinned = std::move(HttpClient::make(chosen).value());
  EXPECT_EQ(unpinned.get("/echo/x").error().code, Code::E_CONNECT);
}

// An address of this machine that is not loopback; connections to it stay inside the machine.
std::optional<in_addr> own_address() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return std::nullopt;
  std::optional<in_addr> found;
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    const bool usable = one->ifa_addr != nullptr && one->ifa_addr->sa_family == AF_INET &&
                        (one->ifa_flags & (IFF_UP | IFF_LOOPBACK)) == IFF_UP;
    if (usable) found = reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
  }
  freeifaddrs(all);
  return found;
}

TEST_F(HttpServerTest, off_loopback_an_address_has_sixty_four_connections) {
  const std::optional<in_addr> own = own_address();
  if (!own) GTEST_SKIP() << "this machine has no address but loopback";
  char text[INET_ADDRSTRLEN];
  options.public_listener.address = inet_ntop(AF_INET, &*own, text, sizeof text);
  options.tls = make_identity().tls;
  start();
  constexpr std::size_t kAllowed = 64, kTried = 100;
  std::vector<int> sockets;
  for (std::size_t n = 0; n < kTried; ++n) {
    sockets.push_back(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server->port());
    address.sin_addr = *own;
    ASSERT_EQ(::connect(sockets.back(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  EXPECT_TRUE(eventually([&] { return server->counters().refused_connections == kTried - kAllowed; }));
  EXPECT_EQ(server->counters().open_connections, kAllowed);
  EXPECT_EQ(operator_client().get("/inside").value().status, 200);
  for (const int socket : sockets) ::close(socket);
  EXPECT_TRUE(eventually([&] { return server->counters().open_connections <= 1; }));
}

TEST_F(HttpServerTest, refuses_a_key_that_does_not_fit_the_certificate) {
  options.tls = make_identity().tls;
  options.tls->private_key = make_identity().tls.private_key;
  EXPECT_EQ(HttpServer::start(options, RouteTable::make(routes()).value()).error().code, Code::E_CONFIG);
}

}  // namespace
}  // namespace circula::node
