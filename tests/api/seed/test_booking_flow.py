import pytest
import requests
import time
from concurrent.futures import ThreadPoolExecutor

BASE_URL = "http://localhost:8080/api"
FLIGHT_ID = "FL123"

@pytest.fixture
def api_client():
    return requests.Session()

class TestBasicBooking:
    """Test basic booking flow"""
    
    def test_create_order_and_book_seats(self, api_client):
        """Happy path: Create order, select seats, pay successfully"""
        # Create order
        resp = api_client.post(f"{BASE_URL}/flights/{FLIGHT_ID}/orders", json={
            "userId": "alice",
            "seats": ["A1", "A2"]
        })
        assert resp.status_code == 201
        order_id = resp.json()["orderId"]
        
        # Check status
        resp = api_client.get(f"{BASE_URL}/orders/{order_id}")
        assert resp.status_code == 200
        assert resp.json()["status"] == "SEATS_RESERVED"
        assert resp.json()["seats"] == ["A1", "A2"]
        
        # Submit payment
        resp = api_client.post(f"{BASE_URL}/orders/{order_id}/payment", json={
            "paymentCode": "12345"
        })
        assert resp.status_code == 200
        
        # Wait for payment processing
        time.sleep(2)
        
        # Verify confirmation
        resp = api_client.get(f"{BASE_URL}/orders/{order_id}")
        assert resp.json()["status"] in ["CONFIRMED", "PAYMENT_PENDING"]

    def test_invalid_payment_code(self, api_client):
        """Test invalid payment code format"""
        resp = api_client.post(f"{BASE_URL}/flights/{FLIGHT_ID}/orders", json={
            "userId": "bob",
            "seats": ["B1"]
        })
        order_id = resp.json()["orderId"]
        
        # Invalid code (4 digits)
        resp = api_client.post(f"{BASE_URL}/orders/{order_id}/payment", json={
            "paymentCode": "1234"
        })
        assert resp.status_code == 400

class TestConcurrency:
    """Test concurrent booking scenarios"""
    
    def test_concurrent_same_seat_booking(self, api_client):
        """Two users try to book same seat simultaneously"""
        
        def book_seat(user_id):
            resp = requests.post(f"{BASE_URL}/flights/{FLIGHT_ID}/orders", json={
                "userId": user_id,
                "seats": ["C1"]
            })
            return resp.status_code, resp.json()
        
        with ThreadPoolExecutor(max_workers=2) as executor:
            future1 = executor.submit(book_seat, "user1")
            future2 = executor.submit(book_seat, "user2")
            
            result1 = future1.result()
            result2 = future2.result()
        
        # One should succeed (201), one should fail (409 or 400)
        status_codes = [result1[0], result2[0]]
        assert 201 in status_codes
        assert 201 not in [s for s in status_codes if s != result1[0] or s != result2[0]]

    def test_seat_update_releases_old_seats(self, api_client):
        """User updates seat selection, old seats become available"""
        # User 1 books A5
        resp1 = api_client.post(f"{BASE_URL}/flights/{FLIGHT_ID}/orders", json={
            "userId": "diana",
            "seats": ["A5"]
        })
        order_id1 = resp1.json()["orderId"]
        
        # User 2 tries A5 (should fail)
        resp2 = api_client.post(f"{BASE_URL}/flights/{FLIGHT_ID}/orders", json={
            "userId": "eve",
            "seats": ["A5"]
        })
        assert resp2.status_code in [400, 409]
        
        # User 1 changes to B5
        resp3 = api_client.post(f"{BASE_URL}/orders/{order_id1}/seats", json={
            "seats": ["B5"]
        })
        assert resp3.status_code == 200
        
        # User 2 tries A5 again (should succeed now)
        resp4 = api_client.post(f"{BASE_URL}/flights/{FLIGHT_ID}/orders", json={
            "userId": "eve",
            "seats": ["A5"]
        })
        assert resp4.status_code == 201

class TestTimerExpiration:
    """Test reservation timer expiration"""
    
    def test_seats_released_after_timeout(self, api_client):
        """Seats are released after 15 minutes (use shorter timer for testing)"""
        # Note: Configure timer to 30 seconds for testing
        resp = api_client.post(f"{BASE_URL}/flights/{FLIGHT_ID}/orders", json={
            "userId": "frank",
            "seats": ["C5"]
        })
        order_id = resp.json()["orderId"]
        
        # Wait for timer to expire (31 seconds if configured to 30s)
        time.sleep(31)
        
        # Check order status
        resp = api_client.get(f"{BASE_URL}/orders/{order_id}")
        assert resp.json()["status"] == "EXPIRED"
        
        # Verify seat is available again
        resp = api_client.post(f"{BASE_URL}/flights/{FLIGHT_ID}/orders", json={
            "userId": "grace",
            "seats": ["C5"]
        })
        assert resp.status_code == 201

    def test_timer_refresh_on_seat_update(self, api_client):
        """Timer resets when user updates seats"""
        resp = api_client.post(f"{BASE_URL}/flights/{FLIGHT_ID}/orders", json={
            "userId": "henry",
            "seats": ["A7"]
        })
        order_id = resp.json()["orderId"]
        
        # Wait 20 seconds
        time.sleep(20)
        
        # Update seats (should reset timer)
        resp = api_client.post(f"{BASE_URL}/orders/{order_id}/seats", json={
            "seats": ["A8"]
        })
        assert resp.status_code == 200
        
        # Check that reservation is still active after total 25 seconds
        time.sleep(5)
        resp = api_client.get(f"{BASE_URL}/orders/{order_id}")
        assert resp.json()["status"] != "EXPIRED"

class TestPaymentRetry:
    """Test payment retry logic"""
    
    def test_payment_retries_on_failure(self, api_client):
        """Payment should retry up to 3 times on failure"""
        resp = api_client.post(f"{BASE_URL}/flights/{FLIGHT_ID}/orders", json={
            "userId": "iris",
            "seats": ["B7"]
        })
        order_id = resp.json()["orderId"]
        
        # Submit payment (may fail with 15% probability)
        resp = api_client.post(f"{BASE_URL}/orders/{order_id}/payment", json={
            "paymentCode": "99999"
        })
        
        # Wait for retries to complete
        time.sleep(35)  # 10s timeout × 3 attempts + buffer
        
        # Check final status
        resp = api_client.get(f"{BASE_URL}/orders/{order_id}")
        status = resp.json()["status"]
        assert status in ["CONFIRMED", "FAILED"]

class TestOrderCancellation:
    """Test order cancellation"""
    
    def test_cancel_order_releases_seats(self, api_client):
        """Cancelling order releases reserved seats"""
        resp = api_client.post(f"{BASE_URL}/flights/{FLIGHT_ID}/orders", json={
            "userId": "jack",
            "seats": ["C7"]
        })
        order_id = resp.json()["orderId"]
        
        # Cancel order
        resp = api_client.delete(f"{BASE_URL}/orders/{order_id}")
        assert resp.status_code == 200
        
        # Verify seat is available
        resp = api_client.post(f"{BASE_URL}/flights/{FLIGHT_ID}/orders", json={
            "userId": "kate",
            "seats": ["C7"]
        })
        assert resp.status_code == 201
