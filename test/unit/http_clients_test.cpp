#include "http/server/clients.hpp"

#include <gtest/gtest.h>

namespace connector::http {
namespace {

struct FakeClient final : Client {
  FakeClient(const char* from, int waiting_for) {
    address = asio::ip::make_address(from);
    since = Clock::now() - std::chrono::seconds(waiting_for);
  }
  void expire() override { expired = true; }
  void leave() override { left = true; }
  bool expired = false;
  bool left = false;
};

TEST(Clients, TheOneThatWaitsLongestLeavesForANewOne) {
  Clients clients(2, 2, 1'000'000);
  FakeClient first("192.0.2.1", 1), second("192.0.2.2", 2), third("192.0.2.3", 0), fourth("192.0.2.4", 0);
  EXPECT_TRUE(clients.add(first) && clients.add(second) && clients.add(third));
  EXPECT_TRUE(second.left && !first.left);
  first.phase = third.phase = Client::Phase::working;
  EXPECT_FALSE(clients.add(fourth)) << "all are busy";
  clients.remove(second);
  EXPECT_FALSE(clients.add(fourth)) << "that one did not count any more";
  clients.remove(third);
  EXPECT_TRUE(clients.add(fourth));
}

TEST(Clients, AreCountedByAddress) {
  Clients clients(100, 1, 1'000'000);
  FakeClient one("192.0.2.1", 5), same("192.0.2.1", 0), other("192.0.2.2", 9);
  EXPECT_TRUE(clients.add(one) && clients.add(other) && clients.add(same));
  EXPECT_TRUE(one.left && !other.left);
  FakeClient net("2001:db8::1", 5), same_net("2001:db8::ffff:1", 0), other_net("2001:db8:0:1::1", 9);
  EXPECT_TRUE(clients.add(net) && clients.add(other_net) && clients.add(same_net));
  EXPECT_TRUE(net.left && !other_net.left);
  FakeClient proxy("192.0.2.9", 5), again("192.0.2.9", 0);
  proxy.counts_by_address = again.counts_by_address = false;
  EXPECT_TRUE(clients.add(proxy) && clients.add(again));
  EXPECT_FALSE(proxy.left);
}

TEST(Clients, ExpireUntilTheyGoOn) {
  Clients clients(2, 2, 1'000'000);
  FakeClient late("192.0.2.1", 0), timely("192.0.2.2", 0);
  clients.add(late);
  clients.add(timely);
  late.deadline = Clock::now();
  timely.deadline = Clock::now() + std::chrono::hours(1);
  clients.tick();
  EXPECT_TRUE(late.expired && !timely.expired);
  late.expired = false;
  clients.tick();
  EXPECT_TRUE(late.expired);
  late.expired = false;
  late.deadline = Clock::time_point::max();
  clients.tick();
  EXPECT_FALSE(late.expired);
}

TEST(Clients, AnEndWaitsForThoseThatWork) {
  Clients clients(9, 9, 1'000'000);
  FakeClient idle("192.0.2.1", 0), working("192.0.2.2", 0), streaming("192.0.2.3", 0), late("192.0.2.4", 0);
  working.phase = Client::Phase::working;
  streaming.phase = Client::Phase::streaming;
  for (FakeClient* client : {&idle, &working, &streaming}) EXPECT_TRUE(clients.add(*client));
  bool empty = false;
  clients.when_empty([&] { empty = true; });
  clients.close();
  EXPECT_TRUE(idle.left && streaming.left && !working.left);
  EXPECT_FALSE(clients.add(late));
  clients.remove(idle);
  clients.remove(streaming);
  EXPECT_FALSE(empty);
  clients.leave_all();
  EXPECT_TRUE(working.left);
  clients.remove(working);
  EXPECT_TRUE(empty && clients.empty());
}

TEST(ByteBudget, CountsWhatIsLong) {
  ByteBudget budget(300'000);
  ByteBudget::Share small;
  EXPECT_TRUE(budget.take(ByteBudget::counted_from, small));
  ByteBudget::Share first;
  EXPECT_TRUE(budget.take(200'000, first));
  {
    ByteBudget::Share second;
    EXPECT_FALSE(budget.take(100'001, second));
    EXPECT_TRUE(budget.take(100'000, second));
    ByteBudget::Share third;
    EXPECT_FALSE(budget.take(70'000, third));
  }
  ByteBudget::Share moved = std::move(first);
  ByteBudget::Share again;
  EXPECT_TRUE(budget.take(100'000, again));
  moved = ByteBudget::Share();
  ByteBudget::Share last;
  EXPECT_TRUE(budget.take(200'000, last));
}

}  // namespace
}  // namespace connector::http
